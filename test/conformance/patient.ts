import { backoff, type PushClientOptions } from 'pinia-push/observables'

/** A client that retries at once, and waits long for what is not the subject of a test: a busy machine may be slow. */
export const PATIENT: PushClientOptions = {
  retry: backoff({ initialDelay: 10, maxDelay: 50 }),
  disconnectDelay: 0,
  connectTimeout: 60_000,
  heartbeatGrace: 60_000,
  sendTimeout: 60_000,
  warnings: false,
}
