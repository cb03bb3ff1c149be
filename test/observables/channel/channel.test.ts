import { Observable, config, type Subscriber } from 'rxjs'
import { number, object, pipe, string, toUpperCase, unknown } from 'valibot'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SourceEvent } from 'pinia-push/kit'
import {
  PushError,
  backoff,
  createPushClient,
  defineChannel,
  fallback,
  nchan,
  pageLifecycle,
  standard,
  webSocket,
  type Channel,
  type Payload,
  type PushClientOptions,
  type PushEvent,
  type RetryPolicy,
  type Lifecycle,
  type Technique,
} from 'pinia-push/observables'
import { IDLE, connectionState } from 'pinia-push/kit'
import { createTestingClient } from 'pinia-push/testing'

let open: ReturnType<typeof createTestingClient>
beforeEach(() => {
  open = createTestingClient()
})
afterEach(() => {
  open.push.close()
})

/** Reads a channel, and records its events in words. */
function read<T>(channel: Channel<T>) {
  const seen: string[] = []
  const subscription = channel.events$.subscribe((event) => seen.push(inWords(event)))
  return { seen, leave: () => subscription.unsubscribe() }
}

function inWords(event: PushEvent<unknown>): string {
  switch (event.type) {
    case 'message':
      return JSON.stringify(event.data)
    case 'gap':
      return `gap ${event.reason}`
    case 'invalid':
    case 'failed':
      return `${event.type} ${event.error.code}`
    case 'reconnecting':
      return `reconnecting ${event.delay}`
    case 'closed':
      return `closed by ${event.by}`
    case 'idle':
    case 'connecting':
    case 'open':
      return event.type
  }
}

const testing = (options: PushClientOptions) => (open = createTestingClient(options))

describe('a channel', () => {
  test('connects its first reader, shares with the others, and disconnects the last', () => {
    const { push, technique } = open
    const channel = push.channel('/a')
    const readers = [read(channel), read(channel), read(channel)]
    expect(technique.connections).toHaveLength(1)
    technique.latest.open()
    for (const { leave } of readers) {
      expect(technique.latest.closed).toBe(false)
      leave()
    }
    expect(technique.latest.closed).toBe(true)
    open.assertNoLeaks()
  })

  test('shows its state and last message without subscribing, and starts over without readers', () => {
    const { push, technique } = open
    const channel = push.channel('/a')
    const states: string[] = []
    channel.state$.subscribe((state) => states.push(state.status === 'open' ? `open ${state.technique}` : state.status))
    expect([technique.connections.length, channel.last]).toEqual([0, undefined])
    const { leave } = read(channel)
    technique.latest.open()
    technique.latest.message(1)
    expect([states, channel.last?.data]).toEqual([['idle', 'connecting', 'open scripted'], 1])
    leave()
    expect(states.at(-1)).toBe('idle')
    read(channel).leave()
    expect(channel.last).toBeUndefined()
  })

  test('is the same for the same definition and URL, and another for another', () => {
    const { push } = open
    const ticks = defineChannel({ url: (p: { symbol: string }) => `/ticks/${p.symbol}` })
    expect(push.channel(ticks({ symbol: 'A' }))).toBe(push.channel(ticks({ symbol: 'A' })))
    expect(push.channel(ticks({ symbol: 'A' }))).not.toBe(push.channel(ticks({ symbol: 'B' })))
    expect(push.channel('/a')).toBe(push.channel('/a'))
  })

  test('outlives its last reader by `disconnectDelay`, for a reader that subscribes meanwhile', () => {
    const { push, technique, time } = testing({ disconnectDelay: 1_000 })
    const channel = push.channel('/a')
    read(channel).leave()
    time.advance(999)
    const second = read(channel)
    time.advance(5_000)
    expect(technique.connections).toHaveLength(2)
    second.leave()
    time.advance(1_000)
    expect(channel.status).toBe('idle')
    open.assertNoLeaks()
  })

  test('reconnects for a new reader after all readers left a failed channel', () => {
    const { push, technique } = testing({ disconnectDelay: 1_000 })
    const channel = push.channel('/a')
    const first = read(channel)
    technique.latest.refuse()
    first.leave()
    expect(read(channel).seen).toEqual(['connecting'])
  })

  test.each(['connecting', 'open', 'reconnecting', 'failed', 'closed'])(
    'leaves no connection and no timer when left while %s',
    (phase) => {
      const { push, technique } = open
      const channel = push.channel('/a')
      const reader = read(channel)
      if (phase !== 'connecting' && phase !== 'reconnecting') technique.latest.open()
      if (phase === 'reconnecting') technique.latest.drop()
      if (phase === 'failed') technique.latest.refuse()
      if (phase === 'closed') technique.latest.end()
      expect(channel.status).toBe(phase)
      reader.leave()
      open.assertNoLeaks()
    },
  )

  test('emits the status to a late reader at once, and past messages only if it replays', () => {
    const { push, technique } = open
    const replaying = defineChannel({ url: '/replaying', replay: 2 })
    const plain = push.channel('/plain')
    for (const channel of [plain, push.channel(replaying())]) {
      read(channel)
      technique.latest.open()
      for (const n of [1, 2, 3]) technique.latest.message(n)
    }
    expect(read(plain).seen).toEqual(['open'])
    expect(read(push.channel(replaying())).seen).toEqual(['open', '2', '3'])
  })

  test('emits the error of the last attempt to a late reader while the next one is pending', () => {
    const { push, technique, time } = testing({ retry: backoff({ initialDelay: 10, random: () => 1 }) })
    const channel = push.channel('/a')
    read(channel)
    technique.latest.drop()
    time.advance(10)
    const { seen } = read(channel)
    expect(seen).toEqual(['reconnecting 10', 'connecting'])
    let late = IDLE
    channel.events$.subscribe((event) => (late = connectionState(late, event)))
    expect(late).toEqual(channel.state)
    expect([late.status, late.error?.code, late.attempt]).toEqual(['reconnecting', 'connection-lost', 1])
    technique.latest.open()
    expect(read(channel).seen).toEqual(['open'])
  })

  test('replays the gaps between the messages that it replays', () => {
    const { push, technique } = open
    const channel = push.channel(defineChannel({ url: '/a', replay: 2 })())
    read(channel)
    technique.latest.open()
    technique.latest.message(1)
    technique.latest.gap('history-expired')
    technique.latest.message(2)
    technique.latest.message(3)
    technique.latest.gap('history-expired')
    technique.latest.message(4)
    expect(read(channel).seen).toEqual(['open', '3', 'gap history-expired', '4'])
  })

  test('delivers in one order to all readers, also if a handler causes the next message', () => {
    const { push, technique } = open
    const channel = push.channel<number>('/a')
    channel.messages$.subscribe(({ data }) => {
      if (data === 1) technique.latest.message(2)
    })
    const later = read(channel)
    technique.latest.open()
    technique.latest.message(1)
    expect(later.seen).toEqual(['connecting', 'open', '1', '2'])
  })

  test('connects again for a reader that subscribes at the moment at which the last one leaves', () => {
    const { push, technique } = open
    const channel = push.channel<number>('/a')
    const seen: number[] = []
    const first = channel.messages$.subscribe(() => {
      first.unsubscribe()
      channel.messages$.subscribe(({ data }) => seen.push(data))
    })
    technique.latest.open()
    technique.latest.message(1)
    technique.latest.open()
    technique.latest.message(2)
    expect({ seen, connections: technique.connections.length }).toEqual({ seen: [2], connections: 2 })
  })

  test('does not time out if timers are a minute late, as in a hidden tab', () => {
    const { push, technique, time } = testing({ heartbeatGrace: 1_000 })
    const { seen } = read(push.channel('/a'))
    technique.latest.open({ heartbeat: 1_000 })
    for (let minute = 0; minute < 10; minute += 1) {
      time.sleep(60_000)
      // Timers run before what arrived meanwhile is read.
      time.advance(900)
      technique.latest.alive()
    }
    expect(seen).toEqual(['connecting', 'open'])
    time.advance(4_000)
    expect(seen.slice(2)).toEqual(['reconnecting 250', 'connecting'])
  })

  test('is not shown as open after an unconfirmed connection that received nothing, but sends', async () => {
    const { push, technique, time } = testing({ retry: backoff({ initialDelay: 10, multiplier: 1 }) })
    const channel = push.channel('/a')
    const { seen } = read(channel)
    for (let attempt = 0; attempt < 3; attempt += 1) {
      technique.latest.open({ unconfirmed: true })
      // It times out after 20 s, and reconnects within 10 ms.
      time.advance(20_010)
    }
    expect(seen.filter((event) => event === 'open')).toHaveLength(1)
    technique.latest.open({ unconfirmed: true })
    expect(channel.status).toBe('reconnecting')
    // A server that holds a poll for longer is not dead, and what is sent may be what it waits for.
    await channel.send('anybody there')
    expect(technique.latest.sent).toEqual(['"anybody there"'])
    technique.latest.open()
    expect(channel.status).toBe('open')
    technique.latest.drop()
    time.advance(10)
    technique.latest.open({ unconfirmed: true })
    expect(channel.status).toBe('open')
  })

  test('fails with an event, and reconnect() resumes every reader from its position', () => {
    const { push, technique } = open
    const channel = push.channel('/a')
    const readers = [read(channel), read(channel)]
    technique.latest.open()
    technique.latest.message(1, { cursor: 'c1' })
    technique.latest.refuse()
    expect(channel.status).toBe('failed')
    channel.reconnect()
    channel.reconnect()
    expect(technique.connections).toHaveLength(2)
    expect(technique.latest.request.cursor?.value).toBe('c1')
    technique.latest.open()
    technique.latest.message(2)
    for (const { seen } of readers) {
      expect(seen).toEqual(['connecting', 'open', '1', 'gap not-resumed', 'failed rejected', 'connecting', 'open', '2'])
    }
  })

  test('connects once if two readers reconnect it at the same event', () => {
    const { push, technique } = open
    const channel = push.channel('/a')
    for (const _ of [1, 2]) channel.events$.subscribe(({ type }) => type === 'closed' && channel.reconnect())
    technique.latest.open()
    technique.latest.end()
    expect(technique.connections).toHaveLength(2)
  })

  test('closes for all, and resumes without a gap when it is opened again', () => {
    const { push, technique } = open
    const channel = push.channel('/a')
    const { seen } = read(channel)
    technique.latest.open()
    technique.latest.message(1)
    channel.close()
    expect(technique.latest.closed).toBe(true)
    channel.reconnect()
    technique.latest.open()
    expect(seen).toEqual(['connecting', 'open', '1', 'closed by client', 'connecting', 'open'])
  })

  test('emits a gap when it is opened again after the server ended it', () => {
    const { push, technique } = open
    const { seen } = read(push.channel('/a'))
    technique.latest.open()
    technique.latest.message(1)
    technique.latest.end()
    push.channel('/a').reconnect()
    technique.latest.open()
    expect(seen).toEqual(['connecting', 'open', '1', 'closed by server', 'connecting', 'open', 'gap not-resumed'])
  })

  test('reports its status without connecting', () => {
    const { push, technique } = open
    const statuses: string[] = []
    const channel = push.channel('/a')
    const watching = channel.state$.subscribe(({ status }) => statuses.push(status))
    expect(technique.connections).toHaveLength(0)
    const reader = read(channel)
    technique.latest.open()
    reader.leave()
    watching.unsubscribe()
    expect(statuses).toEqual(['idle', 'connecting', 'open', 'idle'])
  })

  test('waits for a day, not for no time, if the server requests a hundred years', () => {
    const { push, technique, time } = open
    const channel = push.channel('/a')
    read(channel)
    technique.latest.drop(new PushError('unavailable', '503', { retryAfter: 100 * 365 * 86_400_000 }))
    time.advance(86_400_000)
    expect(technique.connections).toHaveLength(1)
  })

  test('reconnect() ends a wait', () => {
    const { push, technique } = open
    const channel = push.channel('/a')
    const { seen } = read(channel)
    technique.latest.drop()
    channel.reconnect()
    expect(seen).toEqual(['connecting', 'reconnecting 250', 'connecting'])
  })

  test('drops a half-open connection after heartbeat and grace, twenty seconds in total', () => {
    const { push, technique, time } = open
    const { seen } = read(push.channel('/a'))
    technique.latest.open({ heartbeat: 15_000 })
    time.advance(19_999)
    expect(seen).toEqual(['connecting', 'open'])
    time.advance(1)
    expect(seen).toEqual(['connecting', 'open', 'reconnecting 250'])
  })
})

describe('decoding', () => {
  test('a schema transforms the data, and a message that it rejects is an event', () => {
    const { push, technique } = open
    const shout = defineChannel({ url: '/a', schema: object({ text: pipe(string(), toUpperCase()) }) })
    const { seen } = read(push.channel(shout()))
    technique.latest.open()
    technique.latest.message({ text: 'hello' })
    technique.latest.message({ text: 1 })
    technique.latest.invalid()
    technique.latest.message({ text: 'again' })
    expect(seen.slice(2)).toEqual([
      '{"text":"HELLO"}',
      'invalid invalid-message',
      'invalid invalid-message',
      '{"text":"AGAIN"}',
    ])
  })

  test('names the field that a schema rejects', () => {
    const { push, technique } = open
    const errors: string[] = []
    push.channel(defineChannel({ url: '/a', schema: object({ price: number() }) })()).events$.subscribe((event) => {
      if (event.type === 'invalid') errors.push(event.error.message)
    })
    technique.latest.open()
    technique.latest.message({ price: 'much' })
    expect(errors[0]).toMatch(/^The message does not match the schema: price: .*\.$/)
  })

  test('an asynchronous schema fails the channel, because it cannot keep order', () => {
    const { push, technique } = open
    const validate = async (value: unknown) => ({ value })
    const asynchronous = { '~standard': { version: 1 as const, vendor: 'test', validate } }
    const { seen } = read(push.channel(defineChannel({ url: '/a', schema: asynchronous })()))
    technique.latest.open()
    technique.latest.message(1)
    // That message is lost, and `open()` goes on behind it.
    expect(seen).toEqual(['connecting', 'open', 'gap not-resumed', 'failed async-schema'])
    expect(technique.latest.closed).toBe(true)
  })

  test('a reader that throws does not prevent others from receiving the message', async () => {
    const { push, technique } = open
    const reported = new Promise((resolve) => {
      config.onUnhandledError = resolve
    })
    const channel = push.channel('/a')
    channel.messages$.subscribe(({ data }) => {
      if (data === 1) throw new Error('thrown by a reader')
    })
    const { seen } = read(channel)
    technique.latest.open()
    technique.latest.message(1)
    technique.latest.message(2)
    expect(seen).toEqual(['connecting', 'open', '1', '2'])
    await expect(reported).resolves.toMatchObject({ message: 'thrown by a reader' })
    config.onUnhandledError = null
  })
})

describe('a sequence', () => {
  const numbered = defineChannel({ url: '/a', decode: Number, sequence: (n) => n })
  const play = (...numbers: number[]) => {
    for (const n of numbers) open.technique.latest.message(n, { cursor: null })
  }

  test('detects a gap that the server did not report', () => {
    const { seen } = read(open.push.channel(numbered()))
    open.technique.latest.open()
    play(1, 2, 4, 5)
    expect(seen.slice(2)).toEqual(['1', '2', 'gap sequence', '4', '5'])
  })

  test('drops messages that the same connection repeats', () => {
    const { seen } = read(open.push.channel(numbered()))
    open.technique.latest.open()
    play(1, 2, 2, 3)
    expect(seen.slice(2)).toEqual(['1', '2', '3'])
  })

  test('emits a gap, and continues, when a server starts over', () => {
    const { push, technique } = open
    const { seen } = read(push.channel(numbered()))
    technique.latest.open()
    technique.latest.message(7)
    technique.latest.message(8)
    technique.latest.drop()
    push.channel(numbered()).reconnect()
    technique.latest.open()
    technique.latest.message(1)
    technique.latest.message(2)
    expect(seen.filter((word) => /^\d|gap/.test(word))).toEqual(['7', '8', 'gap sequence', '1', '2'])
  })

  test('emits one gap, not two, if the server reported it', () => {
    const { seen } = read(open.push.channel(numbered()))
    open.technique.latest.open()
    play(1)
    open.technique.latest.gap('history-expired')
    play(9)
    expect(seen.slice(2)).toEqual(['1', 'gap history-expired', '9'])
  })
})

describe('sending', () => {
  const anything = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }
  const chat = defineChannel({ url: '/chat', sendSchema: anything })

  test('waits for the connection, keeps order, and resolves when the message is handed over', async () => {
    const channel = open.push.channel(chat())
    read(channel as Channel<unknown>)
    const sends = ['one', 'two'].map((text) => channel.send(text))
    open.technique.latest.open()
    await Promise.all(sends)
    expect(open.technique.latest.sent).toEqual(['"one"', '"two"'])
  })

  test('hands a burst over at once if the connection is open, however small the buffer', async () => {
    const { push, technique } = testing({ maxQueuedSends: 1 })
    const channel = push.channel(chat())
    read(channel as Channel<unknown>)
    technique.latest.open()
    await Promise.all(Array.from({ length: 100 }, (_, n) => channel.send(n)))
    expect(technique.latest.sent).toHaveLength(100)
  })

  test('rejects messages that are lost when the channel closes, and never sends them later', async () => {
    const channel = open.push.channel(chat())
    read(channel as Channel<unknown>)
    const sent = channel.send('lost')
    channel.close()
    await expect(sent).rejects.toMatchObject({ code: 'send-aborted' })
    channel.reconnect()
    open.technique.latest.open()
    expect(open.technique.latest.sent).toEqual([])
  })

  test('is bounded before the connection opens', async () => {
    const { push } = testing({ maxQueuedSends: 1 })
    const channel = push.channel(chat())
    read(channel as Channel<unknown>)
    const first = channel.send('fits')
    await expect(channel.send('one too many')).rejects.toMatchObject({ code: 'buffer-full' })
    open.technique.latest.open()
    await first
  })

  test('rejects if neither the technique nor the server accepts messages', async () => {
    const { push, technique } = createTestingClient({ mock: { sends: false } })
    const channel = push.channel('/mute')
    read(channel as Channel<unknown>)
    const early = channel.send('early')
    technique.latest.open()
    await expect(early).rejects.toMatchObject({ code: 'send-unsupported' })
    await expect(channel.send('late')).rejects.toMatchObject({ code: 'send-unsupported' })
  })

  test('sends JSON without a schema, the result of `encode`, or unchanged bytes, in order', async () => {
    const { push, technique } = open
    const texts = defineChannel({ url: '/texts', encode: String })
    const [json, text] = [push.channel('/json'), push.channel(texts())]
    for (const channel of [json, text]) read(channel as Channel<unknown>)
    for (const connection of technique.connections) connection.open()
    const bytes = Uint8Array.of(1, 2, 3, 4)
    await Promise.all([
      json.send({ buy: 3 }),
      json.send(new Blob([bytes])),
      json.send(bytes.buffer),
      json.send(new DataView(bytes.buffer, 1, 2)),
      json.send(Uint16Array.of(1)),
      json.send('after'),
      text.send('ping'),
    ])
    expect(technique.connections.map(({ sent }) => sent)).toEqual([
      [
        '{"buy":3}',
        Uint8Array.of(1, 2, 3, 4),
        Uint8Array.of(1, 2, 3, 4),
        Uint8Array.of(2, 3),
        Uint8Array.of(1, 0),
        '"after"',
      ],
      ['ping'],
    ])
  })

  test('sends bytes that a schema passes through', async () => {
    const { push, technique } = open
    const channel = push.channel(defineChannel({ url: '/bytes', sendSchema: unknown() })())
    read(channel as Channel<unknown>)
    technique.latest.open()
    const bytes = Uint8Array.of(1, 2, 3, 4)
    for (const data of [bytes.buffer, new DataView(bytes.buffer, 1, 2), new Blob([bytes])]) await channel.send(data)
    expect(technique.latest.sent).toEqual([Uint8Array.of(1, 2, 3, 4), Uint8Array.of(2, 3), Uint8Array.of(1, 2, 3, 4)])
  })

  test('sends the JSON of plain data, of class instances with fields, and of objects with `toJSON`', async () => {
    const { push, technique } = open
    const channel = push.channel('/a')
    read(channel as Channel<unknown>)
    technique.latest.open()
    class Order {
      id = 7
    }
    const data = [{}, [], Object.create(null), new Order(), new Date(0), new URL('http://a.test/'), null, undefined]
    await channel.send({ data, left: undefined })
    expect(technique.latest.sent).toEqual([
      '{"data":[{},[],{},{"id":7},"1970-01-01T00:00:00.000Z","http://a.test/",null,null]}',
    ])
  })

  class Hidden {
    #id = 7
    get id() {
      return this.#id
    }
  }
  test.for(
    [
      new Map([[1, 2]]),
      new Set([1]),
      new FormData(),
      new URLSearchParams('a=1'),
      new ReadableStream(),
      new SharedArrayBuffer(1),
      Promise.resolve(1),
      new Error('lost'),
      /lost/,
      new Hidden(),
      { within: [new Map([[1, 2]])] },
      { bytes: Uint8Array.of(1) },
      { call: () => {} },
      [Symbol('s')],
    ].map((data) => [data] as const),
  )('rejects %o, which JSON would lose', async ([data]) => {
    const { push, technique } = open
    const channel = push.channel('/a')
    read(channel as Channel<unknown>)
    technique.latest.open()
    await expect(channel.send(data)).rejects.toMatchObject({
      code: 'invalid-message',
      message: expect.stringContaining('JSON would lose'),
    })
    expect(technique.latest.sent).toEqual([])
  })

  test.for([[undefined], [() => {}], [Symbol('s')], [1n]] as const)('rejects %o, which has no JSON', async ([data]) => {
    const { push, technique } = open
    const channel = push.channel('/a')
    read(channel as Channel<unknown>)
    technique.latest.open()
    await expect(channel.send(data)).rejects.toMatchObject({ code: 'invalid-message' })
  })

  test('waits while the connection closes, and uses the next one', async () => {
    const sent: string[] = []
    const connections: Subscriber<SourceEvent>[] = []
    const closing = () => {
      throw new PushError('not-connected', 'The socket is closing.')
    }
    const technique: Technique = {
      name: 'closing',
      isSupported: () => true,
      connect: () =>
        new Observable((subscriber) => {
          connections.push(subscriber)
          const send = connections.length === 1 ? closing : (data: Payload) => void sent.push(String(data))
          subscriber.next({ type: 'open', technique: 'closing', namespace: 'standard', resumed: false, send })
        }),
    }
    const channel = open.push.channel('/a', { technique })
    read(channel as Channel<unknown>)
    const sends = [channel.send(1), channel.send(2)]
    connections[0]?.error(new PushError('connection-lost', 'The socket closed.'))
    channel.reconnect()
    await Promise.all(sends)
    expect(sent).toEqual(['1', '2'])
  })

  test('rejects with the reason', async () => {
    const { push, technique } = open
    await expect(push.channel(chat()).send('nobody reads')).rejects.toMatchObject({ code: 'not-connected' })
    expect(technique.connections).toHaveLength(0)
  })
})

describe('a client', () => {
  test.each([
    [{ disconnectDelay: -1 }, 'invalid-option'],
    [{ connectTimeout: Number.NaN }, 'invalid-option'],
    [{ idleReconnectAfter: 0 }, 'invalid-option'],
  ])('rejects %o', (options, code) => {
    expect(() => createTestingClient(options)).toThrow(expect.objectContaining({ code }))
  })

  test('rejects an invalid URL at once', () => {
    expect(() => open.push.channel('mailto:x@example.org')).toThrow(expect.objectContaining({ code: 'invalid-url' }))
  })

  test('calls prepareRequest for each attempt, and its failure is a failure to connect', async () => {
    const asked: number[] = []
    const { push, technique, time } = testing({
      prepareRequest: ({ attempt }) => {
        asked.push(attempt)
        if (attempt === 0) throw new Error('no token yet')
        return { query: { token: 'fresh' } }
      },
    })
    const { seen } = read(push.channel('/a?x=1'))
    expect(seen).toEqual(['connecting', 'reconnecting 250'])
    time.advance(250)
    expect(technique.latest.request.url).toBe('http://push.test/a?x=1&token=fresh')
    expect(asked).toEqual([0, 1])
  })

  test.each([
    [() => JSON.parse('null').token, 'a TypeError that it throws'],
    [() => Promise.reject(new ReferenceError('token is not defined')), 'a ReferenceError that it rejects with'],
  ])('fails once at a mistake in the code of prepareRequest: %#, $1', async (prepareRequest) => {
    const { push, technique } = testing({ prepareRequest })
    const { seen } = read(push.channel('/a'))
    await Promise.resolve()
    expect(seen).toEqual(['connecting', 'failed exception'])
    expect(technique.connections).toHaveLength(0)
  })

  test('retries if prepareRequest rejects with the error of a failed fetch', async () => {
    const { push } = testing({ prepareRequest: () => Promise.reject(new TypeError('Failed to fetch')) })
    const { seen } = read(push.channel('/a'))
    await Promise.resolve()
    expect(seen).toEqual(['connecting', 'reconnecting 250'])
  })

  test('rejects a technique that was not called, and the error shows how to write it', () => {
    expect(() => open.push.channel('/a', { technique: webSocket as unknown as Technique })).toThrow(
      'technique: webSocket()',
    )
    expect(() => fallback(webSocket as unknown as Technique)).toThrow(
      expect.objectContaining({ code: 'invalid-option' }),
    )
  })

  test.each([
    ['backend', nchan],
    ['backend', standard],
    ['retry', backoff],
  ] as const)('rejects `%s: %o` that was not called, and the error shows how to write it', (option, factory) => {
    expect(() => createPushClient({ [option]: factory })).toThrow(
      expect.objectContaining({
        code: 'invalid-option',
        message: expect.stringContaining(`${factory.name} was not called. Write \`${option}: ${factory.name}()\`.`),
      }),
    )
    const retry = backoff as unknown as RetryPolicy
    expect(() => open.push.channel(defineChannel({ url: '/a', retry })())).toThrow('backoff was not called')
  })

  test('fails once if its lifecycle was not called, and the error shows how to write it', () => {
    const { push } = testing({ lifecycle: pageLifecycle as unknown as Lifecycle })
    const channel = push.channel('/a')
    const { seen } = read(channel)
    expect(seen).toEqual(['failed invalid-option'])
    expect(channel.explain()).toContain('lifecycle: pageLifecycle()')
  })

  test('fails once at a mistake in the code of a lifecycle', () => {
    const { push } = testing({ lifecycle: () => JSON.parse('null').begin() })
    const { seen } = read(push.channel('/a'))
    expect(seen).toEqual(['failed exception'])
  })

  test('fails once if a policy throws', () => {
    const delay = (): number => {
      throw new RangeError('no such delay')
    }
    const { push, technique } = testing({ retry: Object.assign(backoff(), { nextDelay: delay }) })
    const { seen } = read(push.channel('/a'))
    technique.latest.drop()
    expect(seen).toEqual(['connecting', 'failed invalid-option'])
  })

  test('lists the channels that are read', () => {
    const { push } = open
    const counts: number[] = []
    push.channels$.subscribe((channels) => counts.push(channels.length))
    const one = read(push.channel('/a'))
    const two = read(push.channel('/b'))
    one.leave()
    two.leave()
    expect(counts).toEqual([0, 1, 2, 1, 0])
  })

  test('closes everything at once, permanently', () => {
    const { push, technique } = open
    const channel = push.channel('/a')
    const { seen } = read(channel)
    technique.latest.open()
    push.close()
    channel.reconnect()
    expect(seen).toEqual([
      'connecting',
      'open',
      'closed by client',
      'connecting',
      'gap not-resumed',
      'failed client-closed',
    ])
    expect(() => push.channel('/b')).toThrow(expect.objectContaining({ code: 'client-closed' }))
  })
})
