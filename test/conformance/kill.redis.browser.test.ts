import { inject } from 'vitest'
import { nodes } from './kill.ts'
import { rowsIn } from './rows-in.ts'

const engine = inject('engine')

for (const row of rowsIn(engine, 'nchan-redis')) nodes(row, engine)
