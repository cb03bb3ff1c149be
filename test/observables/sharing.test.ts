import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { flashSocket } from 'pinia-push/flash-socket'
import {
  backoff,
  createPushClient,
  defineChannel,
  fallback,
  fetchStream,
  longPolling,
  polling,
  sse,
  webSocket,
  xhrStream,
  type Technique,
} from 'pinia-push/observables'
import { createTestingClient } from 'pinia-push/testing'
import * as v from 'valibot'

const baseUrl = 'https://app.example/'
const Text = v.string()
const numbered = (data: string) => data.length
const policy = backoff()

describe('readers of one URL share its channel', () => {
  const push = createPushClient({ baseUrl, technique: sse() })
  const made: Record<string, () => Technique> = {
    'sse()': () => sse(),
    'sse({ native, events })': () => sse({ native: true, events: ['a', 'b'] }),
    'fetchStream()': () => fetchStream(),
    'xhrStream({ rotateAfter })': () => xhrStream({ maxBufferedChars: 1_000 }),
    'polling({ floor })': () => polling({ minInterval: 500 }),
    'longPolling()': () => longPolling(),
    'webSocket({ maxBuffered })': () => webSocket({ maxBuffered: 1_000 }),
    'flashSocket({ port })': () => flashSocket({ port: 7_000 }),
    'fallback(webSocket(), sse())': () => fallback({ maxShortSessions: 2 }, webSocket(), sse()),
  }
  test.for(Object.entries(made))('if each creates its own technique: %s', ([, via]) =>
    expect(push.channel('/news', { technique: via() })).toBe(push.channel('/news', { technique: via() })),
  )

  test('if one names the technique of the client', () =>
    expect(push.channel('/news', { technique: sse() })).toBe(push.channel('/news')))

  test('if one defines the options that the other has by default', () =>
    expect(push.channel(defineChannel({ url: '/news' })())).toBe(push.channel('/news')))

  test('if both define it with the same options', () => {
    const define = () =>
      defineChannel({
        url: '/news',
        schema: Text,
        sendSchema: Text,
        sequence: numbered,
        replay: 2,
        retry: policy,
        technique: sse(),
      })
    expect(push.channel(define()())).toBe(push.channel(define()()))
  })
})

describe('readers of one URL have channels of their own', () => {
  const push = createPushClient({ baseUrl, technique: sse() })
  const different: Record<string, [Technique, Technique]> = {
    'by techniques of different names': [polling(), longPolling()],
    'by different options': [sse(), sse({ native: true })],
    'by a list of different names': [sse({ events: ['a'] }), sse({ events: ['b'] })],
    'by another list of techniques': [fallback(sse(), polling()), fallback(polling(), sse())],
    'by a copy of a technique that a user changed': [sse(), { ...sse(), isSupported: () => false }],
  }
  test.for(Object.entries(different))('%s', ([, [one, other]]) =>
    expect(push.channel('/news', { technique: one })).not.toBe(push.channel('/news', { technique: other })),
  )

  test.each([
    { replay: 1 },
    { schema: Text },
    { decode: String },
    { sendSchema: Text },
    { disconnectDelay: 5 },
    { disconnectWhenHidden: 0 },
  ])('if one definition has %o', (options) => {
    const define = (more: object) => push.channel(defineChannel({ url: '/news', ...more })())
    expect(define(options)).not.toBe(define({}))
  })
})

describe('development warns of a URL that two connections read', () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const read = () => {
    warned.mockClear()
    const testing = createTestingClient({ baseUrl, warnings: true, disconnectDelay: 1_000 })
    /** Reads by a decoder of its own, as a definition in a component has it. */
    const reader = (url: string) => {
      const reading = testing.push.channel(defineChannel({ url, decode: (raw) => raw })()).events$.subscribe()
      onTestFinished(() => reading.unsubscribe())
      return reading
    }
    return { ...testing, reader }
  }

  test('once for each URL, with the fix', async () => {
    const { reader, advance } = read()
    for (const url of ['/a', '/a', '/a', '/b']) reader(url)
    await advance(1_000)
    expect(warned.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^\[pinia-push\] Two connections read "https:\/\/app\.example\/a": .* Define the channel once/,
        ),
      ],
    ])
  })

  test('not if the first is left for the second, as a hot update does', async () => {
    const { reader, advance } = read()
    reader('/a').unsubscribe()
    reader('/a')
    await advance(1_000)
    expect(warned).not.toHaveBeenCalled()
  })

  test('not if different techniques read it', async () => {
    const { reader, push, advance } = read()
    reader('/a')
    const other = push.channel('/a', { technique: { name: 'other', isSupported: () => false, connect: sse().connect } })
    const reading = other.events$.subscribe()
    onTestFinished(() => reading.unsubscribe())
    await advance(1_000)
    expect(warned.mock.calls.filter(([sentence]) => String(sentence).includes('two connections'))).toEqual([])
  })
})
