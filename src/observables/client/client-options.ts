import type { SchedulerLike } from 'rxjs'
import type { Backend } from '../backends/backend.ts'
import { backoff, type RetryPolicy } from '../connection/backoff.ts'
import type { HeartbeatOptions } from '../connection/heartbeat-monitor.ts'
import type { Lifecycle } from '../connection/lifecycle.ts'
import { checkNumbers, checkOption, checkUnknown, notCalled, wrongOption } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { hostScheduler } from '../internal/time.ts'
import { MAX_MESSAGE_BYTES } from '../parsers/message-limit.ts'
import type { Technique } from '../techniques/technique.ts'
import type { AuthOptions } from './auth.ts'
import type { PrepareRequest } from './prepare-request.ts'

export interface PushClientOptions extends HeartbeatOptions {
  /**
   * The technique of channels without their own. There is no default, so that bundles contain only imported techniques.
   */
  technique?: Technique
  /** The kind of server: its cursors, statuses and close codes. @default standard() */
  backend?: Backend
  /** Decides when to retry. @default backoff() */
  retry?: RetryPolicy
  /** Sends a token by every technique: in a header, the query, or the hello of a backend. @default no token */
  auth?: AuthOptions
  /** Returns headers or query parameters for a request. Called before every attempt, unless it returns `expiresAt`. */
  prepareRequest?: PrepareRequest
  /** Decides when channels pause, and when they reconnect at once: `pageLifecycle()`. @default false (never) */
  lifecycle?: Lifecycle | false
  /**
   * The base of relative URLs. With a list, the client starts with the first server, from which channels have their
   * URLs. If a server cannot be reached, all channels move to the next one, with their positions, and stay there while
   * it works.
   * @default the page's URL
   */
  baseUrl?: string | readonly string[]
  /** The credentials mode of techniques that use fetch. @default 'same-origin' */
  credentials?: RequestCredentials
  /** How long a channel stays connected without readers, in ms, for example during a change of route. @default 1_000 */
  disconnectDelay?: number
  /**
   * The longest message, in bytes (in characters if the host delivers text). A longer one is `invalid`, with the error
   * `message-too-large`, and the channel continues. With fetch and XMLHttpRequest, it uses no more memory than this
   * limit. The host reads a message of a WebSocket, an EventSource or an iframe as a whole, so it is checked
   * afterwards.
   * @default 16_777_216 (16 MiB)
   */
  maxMessageBytes?: number
  /** The number of messages that may wait to be sent, per channel. @default 64 */
  maxQueuedSends?: number
  /**
   * How long a message may take to be sent, in ms, once the messages before it are done. That includes reading a `Blob`
   * and, over HTTP, `prepareRequest` and the response. After it, `send` rejects with `send-aborted`, and the next
   * message is sent.
   * @default 10_000
   */
  sendTimeout?: number
  /** Schedules every timer. @default the host's timers, and a monotonic clock */
  scheduler?: SchedulerLike
  /**
   * Whether the console shows a warning for each configuration error (CORS, a wrong URL, HTML instead of events, 401,
   * 404, ...), once per channel and cause. Production never warns. @default true
   */
  warnings?: boolean
}

/** The options of a client, with defaults for absent ones. */
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
  auth,
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
  if (process.env.NODE_ENV !== 'production')
    checkUnknown(
      OWNER,
      Object.keys(limits).filter((name) => !(name in LIMITS)),
    )
  checkNumbers(OWNER, { disconnectDelay, maxQueuedSends })
  checkNumbers(OWNER, { ...limits, maxMessageBytes, sendTimeout }, 1)
  checkPolicy(retry)
  checkTechnique(technique)
  if (process.env.NODE_ENV !== 'production') {
    if (backend !== undefined && (typeof backend !== 'object' || backend === null)) throw notCalled('backend', backend)
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
    auth,
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

/** In development, throws `invalid-option` for a retry policy that was not called, or is not one. */
export function checkPolicy(policy: RetryPolicy): void {
  if (DEV && typeof policy.nextDelay !== 'function') throw notCalled('retry', policy)
}

/** In development, throws `invalid-option` for a technique that was not called, or is not one. */
export function checkTechnique(technique: Technique | undefined): void {
  if (DEV && technique && typeof technique.connect !== 'function') throw notCalled('technique', technique)
}
