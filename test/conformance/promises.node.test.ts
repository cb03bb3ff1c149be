import { WebSocket } from 'ws'
import { webSocket } from 'pinia-push/observables'
import { everyTechnique } from './promises.ts'
import { rows } from './rows.ts'

// Node 20 has no WebSocket of its own.
const implementation = WebSocket as unknown as typeof globalThis.WebSocket

for (const row of rows) {
  if (row.browserOnly) continue
  everyTechnique(row.name === 'webSocket' ? { ...row, technique: () => webSocket({ implementation }) } : row)
}
