import { inject } from 'vitest'
import { renewing } from './renewing.ts'
import { rowsIn } from './rows-in.ts'

const engine = inject('engine')

for (const row of rowsIn(engine)) renewing(row, engine)
