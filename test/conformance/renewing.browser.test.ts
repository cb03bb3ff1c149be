import { inject } from 'vitest'
import { renewing } from './renewing.ts'
import { rows } from './rows.ts'

for (const row of rows) renewing(row, inject('engine'))
