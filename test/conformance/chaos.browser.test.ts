import { inject } from 'vitest'
import { chaos } from './chaos.ts'
import { rows } from './rows.ts'

for (const row of rows) chaos(row, inject('engine'))
