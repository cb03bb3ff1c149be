import { nodes } from './kill.ts'
import { rows } from './rows.ts'

for (const row of rows) nodes(row, 'chromium')
