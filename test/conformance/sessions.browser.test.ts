import { inject } from 'vitest'
import { rowsIn } from './rows-in.ts'
import { sessionsOf } from './sessions.ts'

const engine = inject('engine')

for (const row of rowsIn(engine)) sessionsOf(row, engine)
