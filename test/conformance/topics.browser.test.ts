import { inject } from 'vitest'
import { webSocket } from 'pinia-push/observables'
import { topicPromises } from './topics.ts'

topicPromises(() => webSocket(), inject('engine'))
