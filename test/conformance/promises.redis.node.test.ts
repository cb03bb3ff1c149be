import { nodeRows } from './node-rows.ts'
import { everyTechnique } from './promises.ts'

for (const row of nodeRows) everyTechnique(row, 'node', 'nchan-redis')
