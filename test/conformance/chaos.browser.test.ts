import { inject } from 'vitest'
import { chaos } from './chaos.ts'
import { rowsIn } from './rows-in.ts'
import { SERVER_KINDS } from './servers.ts'

const engine = inject('engine')

for (const kind of SERVER_KINDS) for (const row of rowsIn(engine, kind)) chaos(row, engine, kind)
