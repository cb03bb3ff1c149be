import { nodes } from './kill.ts'
import { nodeRows } from './node-rows.ts'

for (const row of nodeRows) nodes(row, 'node')
