import { inject } from 'vitest'
import { everyTechnique } from './promises.ts'
import { rows } from './rows.ts'

for (const row of rows) everyTechnique(row, inject('engine'))
