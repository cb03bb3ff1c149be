import { everyTechnique } from './promises.ts'
import { rows } from './rows.ts'

for (const row of rows) everyTechnique(row, 'chromium', 'nchan')
