import { everyTechnique } from './promises.ts'
import { nodeRows } from './node-rows.ts'

for (const row of nodeRows) everyTechnique(row, 'node', 'nchan')
