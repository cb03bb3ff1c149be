import { WebSocket } from 'ws'
import { fetchStream, longPolling, polling, sse, webSocket } from 'pinia-push/observables'
import { malformedResponses } from './misread.ts'

malformedResponses({
  polling: polling({ minInterval: 50 }),
  longPolling: longPolling(),
  sse: sse(),
  fetchStream: fetchStream(),
  webSocket: webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket }),
})
