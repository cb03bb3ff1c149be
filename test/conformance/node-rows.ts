import { WebSocket } from 'ws'
import { webSocket } from 'pinia-push/observables'
import { rows, type Row } from './rows.ts'

// Node 20 has no WebSocket of its own.
const implementation = WebSocket as unknown as typeof globalThis.WebSocket

/** The rows that run in Node. */
export const nodeRows: readonly Row[] = rows
  .filter(({ browserOnly }) => !browserOnly)
  .map((row) => (row.name === 'webSocket' ? { ...row, technique: () => webSocket({ implementation }) } : row))
