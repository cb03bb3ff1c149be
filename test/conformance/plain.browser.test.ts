import { fetchStream, longPolling, polling, sse, webSocket } from 'pinia-push/observables'
import { plainServers } from './plain.ts'

plainServers({
  polling: polling({ minInterval: 50 }),
  longPolling: longPolling(),
  sse: sse(),
  fetchStream: fetchStream(),
  webSocket: webSocket(),
})
