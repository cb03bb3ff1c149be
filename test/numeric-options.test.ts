// @vitest-environment jsdom
import { createPinia, defineStore } from 'pinia'
import { createApp, effectScope } from 'vue'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createPush, usePushChannel } from 'pinia-push'
import { createHub, type HubOptions } from 'pinia-push/hub'
import {
  backoff,
  createPushClient,
  defineChannel,
  durableStreams,
  fallback,
  flashSocket,
  iframeStream,
  mercure,
  nchan,
  pageLife,
  plain,
  polling,
  webSocket,
  xhrStream,
} from 'pinia-push/observables'
import { scriptedTechnique } from 'pinia-push/testing'

/** No numbers, or none that a time or an amount can be. */
const WRONG = [Number.NaN, -1, 'x', '5', null] as const

const via = scriptedTechnique()
const push = () => createPush({ via, base: 'http://push.test' })

/** How each numeric option is given, by where it belongs and its name. */
const OPTIONS: Record<string, Record<string, (value: never) => unknown>> = {
  createPushClient: named(
    ['linger', 'sendBuffer', 'sendTimeout', 'maxMessageBytes', 'openWithin', 'heartbeat', 'timeout', 'rotateAfter'],
    createPushClient,
  ),
  defineChannel: named(['replay', 'linger', 'hidden'], (options) => defineChannel({ url: '/a', ...options })),
  backoff: named(['base', 'factor', 'max', 'tries', 'budget', 'resetAfter'], backoff),
  pageLife: named(['hidden', 'hiddenPolls', 'offline'], pageLife),
  fallback: {
    ...named(['openWithin', 'shortLife', 'tries', 'settle', 'remember'], (options) => fallback(options, via)),
    'probe.first': (first) => fallback({ probe: { first } }, via),
    'probe.max': (max) => fallback({ probe: { max } }, via),
  },
  polling: named(['floor', 'ceiling', 'growth'], polling),
  webSocket: named(['maxBuffered'], webSocket),
  xhrStream: named(['rotateAfter'], xhrStream),
  iframeStream: named(['rotateAfter'], iframeStream),
  flashSocket: named(['linger', 'port'], flashSocket),
  plain: {
    ...named(['heartbeat'], plain),
    'heartbeat.every': (every) => plain({ heartbeat: { send: 'x', every } }),
    'heartbeat.within': (within) => plain({ heartbeat: { send: 'x', every: 1_000, within } }),
  },
  nchan: named(['heartbeat'], nchan),
  mercure: named(['heartbeat'], mercure),
  durableStreams: named(['heartbeat'], durableStreams),
  usePushChannel: named(['flush'], (options) =>
    effectScope().run(() => usePushChannel('/a', { push: push(), ...options })),
  ),
  bind: named(['flush'], (options) => {
    const app = createApp({ render: () => null })
    const pushed = push()
    const pinia = createPinia().use(pushed.pinia)
    app.use(pinia).use(pushed).mount(document.createElement('div'))
    onTestFinished(() => app.unmount())
    const useStore = defineStore('numbers', {
      state: () => ({}),
      push: ({ bind }) => bind(defineChannel({ url: '/a' })(), { apply: () => {}, ...options }),
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

describe('a number that is none is refused where it is given', () => {
  test.for(rows(OPTIONS))('%s: %s: %j', ([, , value, give]) => {
    expect(() => give(value as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })

  const numbers = [
    'heartbeat',
    'maxMessageBytes',
    'maxBacklog',
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
      firstMessage: (firstMessage: never) =>
        typeof firstMessage === 'number' && firstMessage < 0
          ? createHub({ firstMessage: 1 })
          : createHub({ firstMessage }),
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

describe('`Infinity` is a time that never comes', () => {
  test.for([
    ['linger', () => createPushClient({ linger: Infinity })],
    ['openWithin', () => createPushClient({ openWithin: Infinity })],
    ['sendTimeout', () => createPushClient({ sendTimeout: Infinity })],
    ['hidden', () => pageLife({ hidden: Infinity })],
    ['remember', () => fallback({ remember: Infinity }, via)],
    ['linger of a player', () => flashSocket({ linger: Infinity })],
  ] as const)('%s', ([, make]) => {
    expect(make).not.toThrow()
  })
})
