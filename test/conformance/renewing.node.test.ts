import { nodeRows } from './node-rows.ts'
import { renewing } from './renewing.ts'

for (const row of nodeRows) renewing(row, 'node')
