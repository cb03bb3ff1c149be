import { inject } from 'vitest'
import { chaos } from './chaos.ts'
import { rowsIn } from './rows-in.ts'

const engine = inject('engine')

for (const row of rowsIn(engine, 'nchan-redis')) chaos(row, engine, 'nchan-redis')
