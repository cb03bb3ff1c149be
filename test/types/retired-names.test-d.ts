import {
  backoff,
  createPush,
  defineChannel,
  fallback,
  nchan,
  pageLifecycle,
  polling,
  sse,
  usePushChannel,
  usePushStatus,
  xhrStream,
  type PushErrorCode,
  type PushEvent,
  type PushStatus,
} from 'pinia-push'
import { createHub, type AuthorizeRequest } from 'pinia-push/hub'
import { createTestingPush } from 'pinia-push/testing'

// Names that were retired before the first release do not compile: there are no aliases.
const push = createPush({ technique: sse(), backend: nchan() })

// @ts-expect-error `technique`
createPush({ via: sse() })
// @ts-expect-error `backend`
createPush({ dialect: nchan() })
// @ts-expect-error `prepareRequest`
createPush({ prepare: () => undefined })
// @ts-expect-error `lifecycle`
createPush({ life: pageLifecycle() })
// @ts-expect-error `baseUrl`
createPush({ base: 'https://push.example' })
// @ts-expect-error `disconnectDelay`
createPush({ linger: 0 })
// @ts-expect-error `maxQueuedSends`
createPush({ sendBuffer: 1 })
// @ts-expect-error `connectTimeout`
createPush({ openWithin: 1_000 })
// @ts-expect-error `heartbeatInterval`
createPush({ heartbeat: 1_000 })
// @ts-expect-error `heartbeatGrace`
createPush({ timeout: 1_000 })
// @ts-expect-error `idleReconnectAfter`
createPush({ rotateAfter: 1_000 })
// @ts-expect-error `expiresAt`
createPush({ prepareRequest: () => ({ expires: 0 }) })
// @ts-expect-error `maxBufferedChars`
xhrStream({ rotateAfter: 1_000 })
// @ts-expect-error `initialDelay`
backoff({ base: 1 })
// @ts-expect-error `maxDelay`
backoff({ max: 1 })
// @ts-expect-error `multiplier`
backoff({ factor: 2 })
// @ts-expect-error `maxRetries`
backoff({ tries: 1 })
// @ts-expect-error `maxElapsedTime`
backoff({ budget: 1 })
// @ts-expect-error `nextDelay`
backoff().delay(1)
// @ts-expect-error `minInterval`
polling({ floor: 1 })
// @ts-expect-error `sendSchema`
defineChannel({ url: '/a', sends: undefined as never as { '~standard': never } })
// @ts-expect-error `disconnectWhenHidden: false`
defineChannel({ url: '/a', hidden: 'keep' })
// @ts-expect-error `hiddenTimeout`
pageLifecycle({ hidden: 1 })
// @ts-expect-error `pauseWhen`
pageLifecycle({ pauses: {} })
// @ts-expect-error `minUptime`
fallback({ shortLife: 1 }, sse())
// @ts-expect-error `upgradeProbe`
fallback({ probe: {} }, sse())
// @ts-expect-error `pauseOnDeactivated`
usePushChannel('/a', { deactivated: 'pause' })
// @ts-expect-error `client`
usePushStatus({ push })
// @ts-expect-error `secondsUntilRetry`
void usePushStatus().retryIn
// @ts-expect-error `reconnect()`
usePushStatus().retryNow()
// @ts-expect-error `reconnect()`
push.channel('/a').open()
// @ts-expect-error `reconnect()`
push.channel('/a').retryNow()
// @ts-expect-error `pausable(channel, paused$, from)`
push.channel('/a').readFrom({ at: undefined })
// @ts-expect-error cursors are opaque to applications
push.channel('/a').isAfter('2', '1')
// @ts-expect-error `pausable(channel, paused$)` keeps it
export type { Bookmark } from 'pinia-push'
// @ts-expect-error `assertNoLeaks()`
createTestingPush().expectNoLeaks()
// @ts-expect-error `allowedOrigins`
createHub({ origins: [] })
// @ts-expect-error `clientIp`
createHub({ address: () => '' })
// @ts-expect-error `startFrom`
createHub({ firstMessage: 'newest' })

// @ts-expect-error `sse`
export const eventStream: AuthorizeRequest['technique'] = 'event-stream'
// @ts-expect-error `longPolling`
export const longPoll: AuthorizeRequest['technique'] = 'long-poll'
// @ts-expect-error `polling`
export const intervalPoll: AuthorizeRequest['technique'] = 'interval-poll'
// @ts-expect-error `iframeStream`
export const foreverFrame: AuthorizeRequest['technique'] = 'forever-frame'
// @ts-expect-error `stream`
export const multipart: AuthorizeRequest['technique'] = 'multipart'
// @ts-expect-error `webSocket`
export const frames: AuthorizeRequest['technique'] = 'web-socket'
// @ts-expect-error `flashSocket`
export const lines: AuthorizeRequest['technique'] = 'json-lines'

// @ts-expect-error `reconnecting`
export const status: PushStatus = 'waiting'
// @ts-expect-error `unauthorized`, or `rejected`
export const code: PushErrorCode = 'refused'
// @ts-expect-error `connection-lost`
export const lost: PushErrorCode = 'lost'
export const confirmed = (event: Extract<PushEvent<never>, { type: 'open' }>): boolean =>
  // @ts-expect-error `unconfirmed`
  !event.presumed
