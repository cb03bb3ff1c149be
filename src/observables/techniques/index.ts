export { longPolling } from './long-polling.ts'
export { polling, type PollingOptions } from './polling.ts'
export { sse, type SseOptions } from './sse.ts'
export { webSocket, type WebSocketOptions } from './web-socket.ts'
