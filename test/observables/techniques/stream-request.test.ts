import { describe, expect, test } from 'vitest'
import {
  PushError,
  createPushClient,
  defineChannel,
  fallback,
  fetchStream,
  jsonMessages,
  sse,
  type SseOptions,
} from 'pinia-push/observables'

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(message) as string }) as PushError

describe('a wrong option of a request', () => {
  test.for<[string, SseOptions, RegExp]>([
    ['a body of a GET', { body: {} }, /`body` of sse\(\).*Give the `method` too/],
    ['an end of another type', { method: 'POST', end: 7 as never }, /`end` of sse\(\): it is "7"/],
    ['a time below one', { method: 'POST', connectTimeout: 0 }, /`connectTimeout` of sse\(\): it is "0"/],
    ['a method that is no text', { method: 7 as never }, /`method` of sse\(\): it is "7"/],
    ['an EventSource with a method', { native: true, method: 'POST' }, /`method` of sse\(\).*leave out `native`/],
    ['an EventSource with an end', { native: true, end: 'bye' }, /`end` of sse\(\).*leave out `native`/],
  ])('is %s', ([, options, message]) => {
    expect(() => sse(options)).toThrow(invalid(message))
  })

  test('is named with the function that has it', () => {
    expect(() => fetchStream({ body: 'x' })).toThrow(invalid(/`body` of fetchStream\(\)/))
  })

  test.for([false, true])('is a technique of fallback() with a method (idempotent: %s)', (idempotent) => {
    expect(() => fallback(sse({ method: 'POST', idempotent }), fetchStream())).toThrow(
      invalid(/sse\(\) sends a request by POST, and a fallback would send it again/),
    )
  })

  test('is one that does not exist', () => {
    expect(() => sse({ methd: 'POST' } as never)).toThrow(invalid(/`methd` of sse\(\): there is no such option/))
  })

  test('is a request for topics, which share one connection', () => {
    const client = createPushClient({
      baseUrl: 'http://push.test',
      backend: jsonMessages({ subscribe: (topic) => ({ topic }), message: () => undefined }),
    })
    const asked = defineChannel({ topic: 'a', technique: sse({ method: 'POST' }) })
    expect(() => client.channel(asked())).toThrow(invalid(/sends a request by POST, and topics share one connection/))
  })
})

test.for(['POST ', 'CONNECT', 'A B'])('the method %j fails the channel, and names it', async (method) => {
  const client = createPushClient({ baseUrl: 'http://127.0.0.1:9' })
  const error = await new Promise<PushError>((resolve) => {
    client
      .channel('/a', { technique: sse({ method }) })
      .events$.subscribe((event) => event.type === 'failed' && resolve(event.error))
  })
  expect(error).toMatchObject({ code: 'invalid-request' })
  expect(error.message).toContain(method.trim())
})

const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic

test.for<[string, SseOptions['body'], RegExp]>([
  ['is cyclic', cyclic, /`body` of sse\(\) threw: .*circular/],
  [
    'throws',
    () => {
      throw new Error('no question')
    },
    /`body` of sse\(\) threw: no question\. Fix it\./,
  ],
  ['is a promise', async () => ({ ask: 1 }), /which is \[object Promise\]/],
  ['is a Map', new Map([['ask', 1]]), /which is \[object Map\]/],
  ['is a stream', new ReadableStream(), /which is \[object ReadableStream\]/],
  ['is nothing', () => undefined as never, /which is \[object Undefined\]/],
  ['is a function of a function', () => () => 1, /which is \[object Function\]/],
])('a body that %s fails the channel, and sends nothing', async ([, body, message]) => {
  const client = createPushClient({ baseUrl: 'http://127.0.0.1:9' })
  const technique = sse({ method: 'POST', body })
  const error = await new Promise<PushError>((resolve) => {
    client.channel('/a', { technique }).events$.subscribe((event) => event.type === 'failed' && resolve(event.error))
  })
  expect([error.code, error.message]).toEqual(['exception', expect.stringMatching(message)])
})
