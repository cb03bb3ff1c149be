import { WebSocket } from 'ws'
import { webSocket } from 'pinia-push/observables'
import { topicPromises } from './topics.ts'

topicPromises(() => webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket }), 'node')
