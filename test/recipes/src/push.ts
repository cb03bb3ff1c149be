// src/push.ts
import { createPush, nchan, sse } from 'pinia-push'
import { freshToken } from './session'

export const createAppPush = () =>
  createPush({
    technique: sse(),
    backend: nchan(),
    // Runs before every attempt, so each one has a valid token. webSocket(), sse({ native: true }) and
    // iframeStream() reject headers: return `query: { token }` for them.
    prepareRequest: async () => ({ headers: { Authorization: `Bearer ${await freshToken()}` } }),
  })
