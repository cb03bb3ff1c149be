// src/push.ts
import { createPush, nchan, sse } from 'pinia-push'
import { freshToken } from './session'

export const createAppPush = () =>
  createPush({
    technique: sse(),
    backend: nchan(),
    // Before every attempt, so that each has a token that is good. webSocket(), sse({ native: true }) and
    // iframeStream() cannot send a header, and say so: give them `query: { token }`.
    prepareRequest: async () => ({ headers: { Authorization: `Bearer ${await freshToken()}` } }),
  })
