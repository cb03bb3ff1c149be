import { inject } from 'vitest'
import { everyTechnique } from './promises.ts'
import { rowsIn } from './rows-in.ts'

const engine = inject('engine')

for (const row of rowsIn(engine, 'nchan-redis')) everyTechnique(row, engine, 'nchan-redis')
