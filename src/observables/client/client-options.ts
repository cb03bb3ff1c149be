import type { SchedulerLike } from 'rxjs'
import type { Backend } from '../backends/backend.ts'
import { backoff, type RetryPolicy } from '../connection/backoff.ts'
import type { HeartbeatOptions } from '../connection/heartbeat-monitor.ts'
import type { Lifecycle } from '../connection/lifecycle.ts'
import { checkNumbers, checkOption, notCalled, wrongOption } from '../internal/check-options.ts'
import { hostScheduler } from '../internal/time.ts'
import { MAX_MESSAGE_BYTES } from '../parsers/message-limit.ts'
import type { Technique } from '../techniques/technique.ts'
import type { PrepareRequest } from './prepare-request.ts'

export interface PushClientOptions extends HeartbeatOptions {
  /** How to connect; there is no default, so that what is not named is not bundled. A channel may name its own. */
  technique?: Technique
  /** How the server spells things. @default standard(): the standards, and nothing else */
  backend?: Backend
  /** When to try again. @default backoff() */
  retry?: RetryPolicy
  prepareRequest?: PrepareRequest
  /** When channels pause, and when they reconnect at once: `pageLifecycle()` knows of the page. @default false: never */
  lifecycle?: Lifecycle | false
  /**
   * What relative URLs are relative to. Of several the first gives the channels their URLs, and the first is tried first;
   * each failure to reach one moves all channels on to the next, with the place where they are. What works is kept.
   * @default the page's address
   */
  baseUrl?: string | readonly string[]
  /** For techniques that read by fetch. @default 'same-origin' */
  credentials?: RequestCredentials
  /** How long a connection outlives its last reader, in ms: long enough for a change of route. @default 1_000 */
  disconnectDelay?: number
  /**
   * How long one message may be, in bytes (in characters, where the host gives text). One that is longer is `invalid`, as
   * `message-too-large`, and the channel goes on behind it. What reads a body as it comes keeps no more than that in memory;
   * a WebSocket, an EventSource and a frame are read by the host, and judged when they are there.
   * @default 16_777_216 (16 MiB)
   */
  maxMessageBytes?: number
  /** How many messages may wait to be sent in each channel. @default 64 */
  maxQueuedSends?: number
  /**
   * How long a message may take once it is its turn to be sent, in ms: a `Blob` until it is read, and by HTTP until the
   * server has accepted it, `prepareRequest` included. Then it rejects with `send-aborted`, and the next one goes on.
   * @default 10_000
   */
  sendTimeout?: number
  /** @default the host's timers, and a monotonic clock */
  scheduler?: SchedulerLike
  /**
   * Whether mistakes of the set-up (CORS, a wrong URL, HTML in the place of events, 401, 404 ...) are warned of in the
   * console, once for each channel and cause. In production nothing is. @default true
   */
  warnings?: boolean
}

/** The options of a client, with defaults in place of what was left out. */
export type ClientConfig = ReturnType<typeof clientConfig>

/**
 * Checks the options of a client, and adds the defaults.
 *
 * @throws PushError `invalid-option`
 */
export function clientConfig({
  technique,
  backend,
  retry = backoff(),
  prepareRequest,
  lifecycle = false,
  baseUrl,
  credentials = 'same-origin',
  disconnectDelay = 1_000,
  maxQueuedSends = 64,
  sendTimeout = 10_000,
  maxMessageBytes = MAX_MESSAGE_BYTES,
  scheduler = hostScheduler,
  warnings = true,
  ...limits
}: PushClientOptions) {
  if (process.env.NODE_ENV !== 'production') {
    const unknown = Object.keys(limits).find((name) => !(name in LIMITS))
    checkOption(
      unknown === undefined,
      `Invalid option \`${unknown}\` of ${OWNER}(): there is no such option. Check its spelling.`,
    )
  }
  checkNumbers(OWNER, { disconnectDelay, maxQueuedSends })
  checkNumbers(OWNER, { ...limits, maxMessageBytes, sendTimeout }, 1)
  if (backend !== undefined && (typeof backend !== 'object' || backend === null)) throw notCalled('backend', backend)
  checkPolicy(retry)
  checkTechnique(technique)
  if (process.env.NODE_ENV !== 'production') {
    if (lifecycle && typeof lifecycle !== 'function') throw notCalled('lifecycle', lifecycle)
    checkOption(
      prepareRequest === undefined || typeof prepareRequest === 'function',
      wrongOption('prepareRequest', OWNER, prepareRequest, 'Give a function: () => ({ headers }).'),
    )
  }
  return {
    technique,
    backend,
    retry,
    prepareRequest,
    lifecycle,
    baseUrl,
    credentials,
    disconnectDelay,
    maxQueuedSends,
    sendTimeout,
    maxMessageBytes,
    scheduler,
    warnings,
    limits,
  }
}

const OWNER = 'createPushClient'

/** The options that go on to the supervisor of each connection. */
const LIMITS = {
  connectTimeout: true,
  heartbeatInterval: true,
  heartbeatGrace: true,
  idleReconnectAfter: true,
} satisfies Record<keyof HeartbeatOptions, true>

/** Throws `invalid-option` for a retry policy that was not called, or is not one. */
export function checkPolicy(policy: RetryPolicy): void {
  if (typeof policy.nextDelay !== 'function') throw notCalled('retry', policy)
}

/** Throws `invalid-option` for a technique that was not called, or is not one. */
export function checkTechnique(technique: Technique | undefined): void {
  if (technique && typeof technique.connect !== 'function') throw notCalled('technique', technique)
}
