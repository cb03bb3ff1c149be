import { chaos } from './chaos.ts'
import { nodeRows } from './node-rows.ts'

for (const row of nodeRows) chaos(row, 'node')
