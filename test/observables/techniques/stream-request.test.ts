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

  test('is a technique of fallback() that sends its request once', () => {
    expect(() => fallback(sse({ method: 'POST' }), fetchStream())).toThrow(invalid(/sse\(\) sends its request once/))
    expect(() => fallback(sse({ method: 'POST', idempotent: true }))).not.toThrow()
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

test('a body that JSON cannot hold fails the channel with its cause', async () => {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  const client = createPushClient({ baseUrl: 'http://127.0.0.1:9' })
  const technique = sse({ method: 'POST', body: cyclic })
  const error = await new Promise<PushError>((resolve) => {
    client.channel('/a', { technique }).events$.subscribe((event) => event.type === 'failed' && resolve(event.error))
  })
  expect([error.code, error.cause]).toEqual(['exception', expect.any(TypeError)])
})
