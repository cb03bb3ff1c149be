import { chaos } from './chaos.ts'
import { nodeRows } from './node-rows.ts'
import { SERVER_KINDS } from './servers.ts'

for (const kind of SERVER_KINDS) for (const row of nodeRows) chaos(row, 'node', kind)
