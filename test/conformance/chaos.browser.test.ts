import { inject } from 'vitest'
import { chaos } from './chaos.ts'
import { rowsIn } from './rows-in.ts'

const engine = inject('engine')

for (const row of rowsIn(engine)) chaos(row, engine)
