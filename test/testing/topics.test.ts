import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { defineChannel, hub, jsonMessages, nchan, type PushError } from 'pinia-push/observables'
import { createTestingClient, type TestingOptions } from 'pinia-push/testing'

const channelOf = defineChannel({ topic: (name: string) => name })
const orders = defineChannel({ topic: 'orders' })
const prices = defineChannel({ topic: 'prices' })

/** A client that reads the topics `orders` and `prices`. */
function read(options?: TestingOptions) {
  const testing = createTestingClient(options)
  const reader = (name: string) => {
    const channel = testing.push.channel(channelOf(name))
    const seen: string[] = []
    const subscription = channel.events$.subscribe((event) => {
      const detail =
        event.type === 'message' ? ` ${String(event.data)}` : event.type === 'gap' ? ` ${event.reason}` : ''
      seen.push(event.type + detail)
    })
    return { channel, seen, leave: () => subscription.unsubscribe() }
  }
  return {
    ...testing,
    reader,
    orders: reader('orders'),
    prices: reader('prices'),
    topic: (name: string) => testing.technique.latest.topic(name),
  }
}

/** The code of the error that a promise rejects with, and its status. */
const failure = (sent: Promise<unknown>) =>
  sent.then(
    () => 'resolved',
    ({ code, status }: PushError) => [code, status],
  )

describe('two topics', () => {
  test('share one connection, and each gets its own messages', () => {
    const { technique, orders, prices, topic } = read()
    expect(technique.connections).toHaveLength(1)
    technique.latest.open()
    topic('orders').message('one')
    topic('prices').message(7)
    topic('orders').raw('"two"')
    expect(orders.seen).toEqual(['connecting', 'open', 'message one', 'message two'])
    expect(prices.seen).toEqual(['connecting', 'open', 'message 7'])
  })

  test('resume after the connection was dropped, each behind its own message', async () => {
    const { technique, orders, prices, topic, advance } = read()
    technique.latest.open()
    topic('orders').message('one')
    topic('prices').message(7)
    topic('prices').message(8)
    technique.latest.drop()
    expect(topic('orders').closed).toBe(true)
    await advance(250)
    technique.latest.open()
    expect([topic('orders').cursor, topic('prices').cursor]).toEqual(['c1', 'c3'])
    topic('prices').message(9)
    expect(orders.seen.slice(3)).toEqual(['reconnecting', 'connecting', 'open'])
    expect(prices.seen.slice(4)).toEqual(['reconnecting', 'connecting', 'open', 'message 9'])
  })

  test('get a gap where the server does not resume', async () => {
    const { technique, orders, topic, advance } = read({ mock: { resumes: false } })
    technique.latest.open()
    topic('orders').message('one')
    technique.latest.drop()
    await advance(250)
    technique.latest.open()
    expect(orders.seen.slice(-2)).toEqual(['open', 'gap not-resumed'])
  })

  test('close with the last reader, and one that is left leaves the other open', () => {
    const { technique, orders, prices, topic, assertNoLeaks } = read()
    technique.latest.open()
    orders.leave()
    expect([topic('orders').closed, topic('prices').closed]).toEqual([true, false])
    expect(assertNoLeaks).toThrow('1 connections are still open: http://push.test/ (topics: prices)')
    prices.leave()
    assertNoLeaks()
  })
})

describe('one topic', () => {
  test('gets a gap, an invalid message and its end, and the other one nothing', () => {
    const { technique, orders, prices, topic } = read()
    technique.latest.open()
    topic('orders').gap('history-expired')
    topic('orders').invalid()
    topic('orders').end()
    expect(orders.seen.slice(2)).toEqual(['gap history-expired', 'invalid', 'closed'])
    expect(prices.seen).toEqual(['connecting', 'open'])
    expect(topic('orders').closed).toBe(true)
  })

  test.for([
    [404, 'rejected'],
    [403, 'unauthorized'],
  ] as const)('that is rejected with %s fails alone', ([status, code]) => {
    const { technique, orders, prices, topic } = read()
    technique.latest.open({ acknowledges: false })
    topic('prices').open()
    topic('orders').refuse(status)
    expect(orders.channel.state.error).toMatchObject({ code, status })
    expect([orders.channel.status, prices.channel.status]).toEqual(['failed', 'open'])
  })

  test('that is rejected for now is subscribed again', async () => {
    const { technique, orders, topic, advance } = read()
    technique.latest.open()
    topic('orders').refuse(503)
    expect(orders.channel.status).toBe('reconnecting')
    await advance(250)
    topic('orders').message('one')
    expect(orders.seen).toEqual(['connecting', 'open', 'reconnecting', 'connecting', 'open', 'message one'])
  })

  test('that is never acknowledged is subscribed twice, and then reported', () => {
    const { technique, orders, time } = read()
    technique.latest.open({ acknowledges: false })
    time.advance(10_000)
    expect(orders.channel.state.error?.code).toBe('connect-timeout')
  })

  test('that is read later is opened by the open connection, and left again', () => {
    const { technique, reader, topic } = read()
    technique.latest.open()
    const late = reader('late')
    topic('late').message('one')
    expect(late.seen).toEqual(['connecting', 'open', 'message one'])
    late.leave()
    const again = reader('late')
    topic('late').message('two')
    expect(again.seen).toEqual(['connecting', 'open', 'message two'])
  })

  test('is one subscription, whatever number of definitions read it', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const { technique, push, orders, topic, time } = read({ warnings: true })
    const other: unknown[] = []
    push
      .channel(defineChannel({ topic: 'orders', decode: (raw) => `decoded ${raw}` })())
      .messages$.subscribe(({ data }) => other.push(data))
    technique.latest.open()
    topic('orders').message(1)
    expect([orders.seen.at(-1), other]).toEqual(['message 1', ['decoded 1']])
    time.advance(1_000)
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('a message that is sent', () => {
  test('is accepted at once', async () => {
    const { technique, orders, prices, topic } = read()
    technique.latest.open()
    await orders.channel.send({ buy: 1 })
    await prices.channel.send('watch')
    expect([topic('orders').sent, topic('prices').sent]).toEqual([['{"buy":1}'], ['"watch"']])
    expect(technique.latest.sent).toEqual(['{"buy":1}', '"watch"'])
  })

  test('waits for the test, which accepts or rejects the oldest', async () => {
    const { technique, orders, topic } = read()
    technique.latest.open({ acknowledges: false })
    topic('orders').open()
    const sent = [1, 2].map((buy) => failure(orders.channel.send({ buy })))
    expect(topic('orders').sent).toEqual(['{"buy":1}', '{"buy":2}'])
    topic('orders').acceptSend()
    topic('orders').refuseSend(413)
    expect(await Promise.all(sent)).toEqual(['resolved', ['send-rejected', 413]])
    expect(() => topic('orders').acceptSend()).toThrow('no message waits')
  })

  test('resolves with the reply of the test', async () => {
    const { technique, orders, topic } = read()
    technique.latest.open({ acknowledges: false })
    topic('orders').open()
    const sent = orders.channel.send({ buy: 1 })
    topic('orders').acceptSend({ id: 7 })
    expect(await sent).toEqual({ id: 7 })
  })

  test('and was not accepted is sent again on the next connection', async () => {
    const { technique, orders, topic, advance } = read()
    technique.latest.open({ acknowledges: false })
    topic('orders').open()
    const sent = failure(orders.channel.send(1))
    technique.latest.drop()
    await advance(250)
    technique.latest.open()
    expect(await sent).toBe('resolved')
    expect(topic('orders').sent).toEqual(['1'])
  })

  test('rejects where the server does not recognize what is sent again', async () => {
    const { technique, orders, topic } = read({ mock: { resends: false } })
    technique.latest.open({ acknowledges: false })
    topic('orders').open()
    const sent = failure(orders.channel.send(1))
    await Promise.resolve()
    technique.latest.drop()
    expect(await sent).toEqual(['send-aborted', undefined])
  })

  test('rejects where the server takes none', async () => {
    const { technique, orders } = read({ mock: { sends: false } })
    technique.latest.open()
    expect(await failure(orders.channel.send(1))).toEqual(['send-unsupported', undefined])
  })
})

describe('a backend', () => {
  const json = jsonMessages({ subscribe: (topic) => ({ topic }), message: () => false })
  test.for([
    ['hub', hub(), 'http://push.test/push/'],
    ['jsonMessages', json, 'http://push.test/'],
  ] as const)('%s is not needed; where it is given, texts name topics', ([, backend, url]) => {
    const { push, technique } = createTestingClient({ backend })
    const seen: unknown[] = []
    push.channel('rooms/lobby').messages$.subscribe(({ data }) => seen.push(data))
    expect(technique.latest.request.url).toBe(url)
    technique.latest.open()
    technique.latest.topic('rooms/lobby').message('Hello')
    expect(seen).toEqual(['Hello'])
    expect(() => push.channel(defineChannel({ url: '/news' })())).toThrow('Define it with `topic`.')
  })

  test('without topics rejects them, as it does in the app', () => {
    const { push } = createTestingClient({ backend: nchan() })
    expect(() => push.channel(orders())).toThrow('Define it with `url`')
  })

  test('that is not given lets channels with a `url` and topics stand side by side', () => {
    const { push, technique } = createTestingClient()
    const seen: unknown[] = []
    push.channel('/news').messages$.subscribe(({ data }) => seen.push(data))
    push.channel(prices()).messages$.subscribe(({ data }) => seen.push(data))
    const [news, topics] = technique.connections
    news?.open()
    topics?.open()
    news?.message('new')
    topics?.topic('prices').message(7)
    expect(seen).toEqual(['new', 7])
  })
})

describe('a mistake of the test', () => {
  test('is an error that names it', () => {
    const { technique, push, reader, topic, orders } = read()
    expect(() => topic('orders')).toThrow('the connection is not open. Call open() first.')
    technique.latest.open()
    expect(() => topic('order')).toThrow('topic("order") failed: nothing reads it. These are read: orders, prices.')
    expect(() => technique.latest.message(1)).toThrow('message() failed: the connection has topics. Use topic(name).')
    orders.leave()
    expect(() => topic('orders').message(1)).toThrow('message() failed: topic "orders" is not subscribed any more.')
    reader('orders')
    topic('orders').message(1)
    push.channel('/news').messages$.subscribe()
    technique.latest.open()
    expect(() => topic('orders')).toThrow(
      'topic("orders") failed: the connection of http://push.test/news has no topics.',
    )
  })

  test('such as a message before the topic is open, too', () => {
    const { technique, topic } = read()
    technique.latest.open({ acknowledges: false })
    expect(() => topic('orders').message(1)).toThrow('message() failed: topic "orders" is not open. Call open() first.')
    topic('orders').open()
    expect(() => topic('orders').open()).toThrow('open() failed: topic "orders" is open already.')
  })
})
