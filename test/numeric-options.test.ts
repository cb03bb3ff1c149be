// @vitest-environment jsdom
import { createPinia, defineStore } from 'pinia'
import { createApp, effectScope } from 'vue'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createPush, usePushChannel } from 'pinia-push'
import { createHub, type HubOptions } from 'pinia-push/hub'
import { flashSocket } from 'pinia-push/flash-socket'
import {
  backoff,
  createPushClient,
  defineChannel,
  durableStreams,
  fallback,
  iframeStream,
  mercure,
  nchan,
  pageLifecycle,
  standard,
  polling,
  webSocket,
  xhrStream,
} from 'pinia-push/observables'
import { mockTechnique } from 'pinia-push/testing'

/** No numbers, or none that a time or an amount can be. */
const WRONG = [Number.NaN, -1, 'x', '5', null] as const

const technique = mockTechnique()
const push = () => createPush({ technique, baseUrl: 'http://push.test' })

/** How each numeric option is given, by where it belongs and its name. */
const OPTIONS: Record<string, Record<string, (value: never) => unknown>> = {
  createPushClient: named(
    [
      'disconnectDelay',
      'maxQueuedSends',
      'sendTimeout',
      'maxMessageBytes',
      'connectTimeout',
      'heartbeatInterval',
      'heartbeatGrace',
      'idleReconnectAfter',
    ],
    createPushClient,
  ),
  defineChannel: named(['replay', 'disconnectDelay', 'disconnectWhenHidden'], (options) =>
    defineChannel({ url: '/a', ...options }),
  ),
  backoff: named(['initialDelay', 'multiplier', 'maxDelay', 'maxRetries', 'maxElapsedTime', 'resetAfter'], backoff),
  pageLifecycle: named(['hiddenTimeout', 'hiddenPollInterval', 'offlineRetryInterval'], pageLifecycle),
  fallback: {
    ...named(['connectTimeout', 'minUptime', 'maxShortSessions', 'overlapTime', 'rememberFor'], (options) =>
      fallback(options, technique),
    ),
    'upgradeProbe.first': (first) => fallback({ upgradeProbe: { first } }, technique),
    'upgradeProbe.max': (max) => fallback({ upgradeProbe: { max } }, technique),
  },
  polling: named(['minInterval', 'maxInterval', 'backoffFactor'], polling),
  webSocket: named(['maxBuffered'], webSocket),
  xhrStream: named(['maxBufferedChars'], xhrStream),
  iframeStream: named(['maxBufferedChars'], iframeStream),
  flashSocket: named(['disconnectDelay', 'port'], flashSocket),
  standard: {
    ...named(['heartbeat'], standard),
    'heartbeat.every': (every) => standard({ heartbeat: { send: 'x', every } }),
    'heartbeat.within': (within) => standard({ heartbeat: { send: 'x', every: 1_000, within } }),
  },
  nchan: named(['heartbeat'], nchan),
  mercure: named(['heartbeat'], mercure),
  durableStreams: named(['heartbeat'], durableStreams),
  usePushChannel: named(['flush'], (options) =>
    effectScope().run(() => usePushChannel('/a', { client: push(), ...options })),
  ),
  bindChannel: named(['flush'], (options) => {
    const app = createApp({ render: () => null })
    const pushed = push()
    const pinia = createPinia().use(pushed.pinia)
    app.use(pinia).use(pushed).mount(document.createElement('div'))
    onTestFinished(() => app.unmount())
    const useStore = defineStore('numbers', {
      state: () => ({}),
      push: ({ bindChannel }) => bindChannel(defineChannel({ url: '/a' })(), { apply: () => {}, ...options }),
    })
    return useStore(pinia)
  }),
}

function named(names: readonly string[], make: (options: object) => unknown) {
  return Object.fromEntries(names.map((name) => [name, (value: never) => make({ [name]: value })]))
}

const rows = (options: typeof OPTIONS) =>
  Object.entries(options).flatMap(([owner, own]) =>
    Object.entries(own).flatMap(([name, give]) => WRONG.map((value) => [owner, name, value, give] as const)),
  )

describe('an invalid number is rejected where it is passed', () => {
  test.for(rows(OPTIONS))('%s: %s: %j', ([, , value, give]) => {
    expect(() => give(value as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })

  const numbers = [
    'heartbeat',
    'maxMessageBytes',
    'maxBufferedBytes',
    'stallTimeout',
    'maxIncomingBytes',
    'maxOutgoingBytes',
    'maxHistoryBytes',
    'maxChannels',
    'maxConnections',
    'maxConnectionsPerAddress',
    'maxPublishRate',
  ] satisfies (keyof HubOptions)[]
  const hubOptions = {
    createHub: {
      ...named(numbers, createHub),
      ...Object.fromEntries(
        ['count', 'age', 'bytes'].map((name) => [
          `history.${name}`,
          (value: never) => createHub({ history: { [name]: value } }),
        ]),
      ),
      startFrom: (startFrom: never) =>
        typeof startFrom === 'number' && startFrom < 0 ? createHub({ startFrom: 1 }) : createHub({ startFrom }),
      'tunnels.port': (port: never) => createHub({ tunnels: { '/quotes': { host: 'localhost', port } } }),
    },
  }
  test.for(rows(hubOptions))('%s: %s: %j', ([, , value, give]) => {
    expect(() => give(value as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })

  test.for(WRONG.flatMap((value) => (['listen', 'listenTcp'] as const).map((door) => [door, value] as const)))(
    'hub.%s: port: %j',
    async ([door, value]) => {
      const hub = createHub()
      onTestFinished(() => hub.close())
      await expect(hub[door]({ port: value as never })).rejects.toMatchObject({ code: 'invalid-option' })
    },
  )
})

describe('`Infinity` is a time that never ends', () => {
  test.for([
    ['disconnectDelay', () => createPushClient({ disconnectDelay: Infinity })],
    ['connectTimeout', () => createPushClient({ connectTimeout: Infinity })],
    ['sendTimeout', () => createPushClient({ sendTimeout: Infinity })],
    ['hiddenTimeout', () => pageLifecycle({ hiddenTimeout: Infinity })],
    ['rememberFor', () => fallback({ rememberFor: Infinity }, technique)],
    ['disconnectDelay of a player', () => flashSocket({ disconnectDelay: Infinity })],
  ] as const)('%s', ([, make]) => {
    expect(make).not.toThrow()
  })
})
