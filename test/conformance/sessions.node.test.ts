import { nodeRows } from './node-rows.ts'
import { sessionsOf } from './sessions.ts'

for (const row of nodeRows) sessionsOf(row, 'node')
