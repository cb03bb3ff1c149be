import { WebSocket } from 'ws'
import { webSocket, type Technique } from 'pinia-push/observables'
import { rowsIn } from './rows-in.ts'
import { ladder, type Row } from './rows.ts'

// Node 20 has no WebSocket.
const implementation = WebSocket as unknown as typeof globalThis.WebSocket

const ofNode: Record<string, (() => Technique) | undefined> = {
  webSocket: () => webSocket({ implementation }),
  fallback: () => ladder(webSocket({ implementation })),
}

/** The rows that run in Node. */
export const nodeRows: readonly Row[] = rowsIn('node').map((row) => ({
  ...row,
  technique: ofNode[row.name] ?? row.technique,
}))
