import { Subject } from 'rxjs'
import { describe, expect, test, vi } from 'vitest'
import {
  PushError,
  backoff,
  createPushClient,
  fallback,
  webSocket,
  type FallbackOptions,
  type PushEvent,
  type Technique,
} from 'pinia-push/observables'
import { mockTechnique, virtualTime, type MockTechniqueOptions } from 'pinia-push/testing'

/** A fallback of three scripted techniques that share one channel of cursors, and one reader of it. */
function climb(options: FallbackOptions & { mock?: MockTechniqueOptions; unsupported?: string[] } = {}) {
  const { mock, unsupported = [], ...own } = options
  const time = virtualTime()
  const [ws, sse, poll] = ['webSocket', 'sse', 'longPolling'].map((name) => {
    const technique = mockTechnique({ name, namespace: 'standard', ...mock })
    return Object.assign(technique, { isSupported: () => !unsupported.includes(name) })
  }) as [Mock, Mock, Mock]
  const techniques = [ws, sse, poll]
  const push = createPushClient({
    baseUrl: 'http://push.test/',
    technique: fallback({ random: () => 1, networkChange$: new Subject(), ...own }, ...techniques),
    retry: backoff({ multiplier: 2, random: () => 0.5, scheduler: time }),
    disconnectDelay: 0,
    scheduler: time,
  })
  const channel = push.channel<string>('/a')
  const events: PushEvent<string>[] = []
  const seen: string[] = []
  const subscription = channel.events$.subscribe((event) => {
    events.push(event)
    seen.push(inWords(event))
  })
  return {
    ws,
    sse,
    poll,
    time,
    channel,
    push,
    events,
    seen,
    /** What was seen since the last call. */
    news: () => seen.splice(0),
    leave() {
      subscription.unsubscribe()
      const open = techniques.flatMap(({ connections }) => connections.filter(({ closed }) => !closed))
      expect([open.length, time.pending]).toEqual([0, 0])
    },
  }
}
type Mock = ReturnType<typeof mockTechnique>

function inWords(event: PushEvent<string>): string {
  if (event.type === 'message') return event.data
  if (event.type === 'open') return `open ${event.technique}`
  if (event.type === 'gap') return `gap ${event.reason}`
  if (event.type === 'reconnecting' || event.type === 'failed') return `${event.type} ${event.error.code}`
  return event.type
}

describe('falling back', () => {
  test('a technique that this host does not support is skipped', () => {
    const { sse, ws, news, leave } = climb({ unsupported: ['webSocket'] })
    sse.latest.open()
    expect(ws.connections).toHaveLength(0)
    expect(news()).toEqual(['connecting', 'open sse'])
    leave()
  })

  test('a technique that is rejected by a status is given up at once', () => {
    const { ws, sse, news, leave } = climb()
    ws.latest.refuse(404)
    sse.latest.open()
    expect(news()).toEqual(['connecting', 'open sse'])
    leave()
  })

  test.each([401, 403])('%i concerns the user, so no lower technique is tried', (status) => {
    const { ws, sse, leave } = climb()
    ws.latest.refuse(status)
    expect(sse.connections).toHaveLength(0)
    leave()
  })

  test('a technique that cannot send the headers is skipped', () => {
    const { ws, sse, news, leave } = climb()
    ws.latest.drop(new PushError('headers-unsupported', false))
    sse.latest.open()
    expect(news()).toEqual(['connecting', 'open sse'])
    leave()
  })

  test('a technique that gets no response is given up after three seconds', () => {
    const { ws, sse, time, news, leave } = climb()
    time.advance(2_999)
    expect(sse.connections).toHaveLength(0)
    time.advance(1)
    expect(ws.latest.closed).toBe(true)
    sse.latest.open()
    expect(news()).toEqual(['connecting', 'open sse'])
    leave()
  })

  test('a technique that fails without a reason is given up at once, and remembered if another one works', () => {
    const { ws, sse, time, news, leave } = climb()
    ws.latest.drop(new PushError('network-error', 'hidden'))
    sse.latest.open()
    sse.latest.drop()
    time.advance(250)
    sse.latest.open()
    expect(ws.connections).toHaveLength(1)
    expect(news()).toEqual(['connecting', 'open sse', 'reconnecting connection-lost', 'connecting', 'open sse'])
    leave()
  })

  test('a technique that opens and disconnects three times in a row is given up, and the next one resumes', () => {
    const { ws, sse, time, news, leave } = climb()
    for (const [text, delay] of [
      ['one', 250],
      ['two', 500],
      ['three', 1_000],
    ] as const) {
      ws.latest.open()
      ws.latest.message(text)
      time.advance(50)
      ws.latest.drop()
      time.advance(delay)
    }
    expect(sse.latest.request.cursor?.value).toBe('c3')
    sse.latest.open()
    sse.latest.message('four', { cursor: 'c4' })
    expect(news().filter((word) => !/connecting|waiting/.test(word))).toEqual([
      'open webSocket',
      'one',
      'open webSocket',
      'two',
      'open webSocket',
      'three',
      'open sse',
      'four',
    ])
    leave()
  })

  test('a technique whose connections last long is kept', () => {
    const { ws, sse, time, leave } = climb()
    for (let life = 0; life < 5; life += 1) {
      ws.latest.open()
      time.advance(10_000)
      ws.latest.drop()
      time.advance(250)
    }
    expect([ws.connections.length, sse.connections.length]).toEqual([6, 0])
    leave()
  })

  test('a silent technique is given up, and the next one connects without a delay', () => {
    const { ws, sse, time, news, leave } = climb()
    ws.latest.open({ heartbeat: 15_000 })
    time.advance(20_000)
    sse.latest.open()
    expect(news()).toEqual(['connecting', 'open webSocket', 'reconnecting heartbeat-timeout', 'connecting', 'open sse'])
    leave()
  })

  test('if no technique works, none is given up, and the highest is tried again', () => {
    const { ws, sse, poll, time, news, leave } = climb()
    for (let attempt = 0; attempt < 4; attempt += 1) {
      for (const each of [ws, sse, poll]) {
        if (!each.connections.at(-1)?.closed) each.connections.at(-1)?.drop(new PushError('network-error', 'hidden'))
      }
      time.advance(30_000)
    }
    const tried = ws.connections.length
    expect(tried).toBeGreaterThanOrEqual(4)
    for (let waited = 0; ws.latest.closed && waited < 60_000; waited += 100) time.advance(100)
    ws.latest.open()
    expect(news().at(-1)).toBe('open webSocket')
    leave()
  })

  test('an error names its technique', () => {
    const { ws, events, leave } = climb()
    ws.latest.drop(new PushError('unavailable', 'come back later'))
    expect(events.at(-1)).toMatchObject({
      type: 'reconnecting',
      error: { technique: 'webSocket', code: 'unavailable' },
    })
    leave()
  })
})

/** On the second technique, after a message. */
function fallen(options?: Parameters<typeof climb>[0]) {
  const ladder = climb(options)
  ladder.ws.latest.refuse(404)
  ladder.sse.latest.open()
  ladder.sse.latest.message('one', options?.mock?.resumes === false ? {} : { cursor: 'c1' })
  ladder.news()
  return ladder
}

describe('upgrading', () => {
  test('a higher technique that ends at once does not end the channel', () => {
    const { ws, sse, time, news, leave } = fallen()
    time.advance(10_000)
    ws.latest.end()
    sse.latest.message('2')
    sse.latest.end()
    expect(news()).toEqual(['2', 'closed'])
    leave()
  })

  test('a higher technique is tried beside the active one, and takes over when it is stable', () => {
    const { ws, sse, time, news, leave } = fallen()
    time.advance(9_999)
    expect(ws.connections).toHaveLength(1)
    time.advance(1)
    expect(ws.latest.request.cursor?.value).toBe('c1')
    expect(sse.latest.closed).toBe(false)
    ws.latest.open()
    ws.latest.alive()
    time.advance(1_000)
    expect(sse.latest.closed).toBe(true)
    ws.latest.message('two', { cursor: 'c2' })
    expect(news()).toEqual(['open webSocket', 'two'])
    leave()
  })

  test('messages of both connections are emitted once, in order', () => {
    const { ws, sse, time, news, leave } = fallen()
    time.advance(10_000)
    ws.latest.open()
    sse.latest.message('two', { cursor: 'c2' })
    sse.latest.message('three', { cursor: 'c3' })
    ws.latest.message('two', { cursor: 'c2' })
    time.advance(5_000)
    expect(sse.latest.closed).toBe(false)
    ws.latest.message('three', { cursor: 'c3' })
    ws.latest.message('four', { cursor: 'c4' })
    expect(sse.latest.closed).toBe(true)
    expect(news()).toEqual(['two', 'three', 'open webSocket', 'four'])
    leave()
  })

  test('a lower technique that is always faster is replaced too', () => {
    const { ws, sse, time, news, leave } = fallen()
    time.advance(10_000)
    ws.latest.open()
    for (const n of [2, 3, 4, 5, 6]) {
      sse.latest.message(String(n), { cursor: `c${n}` })
      time.advance(10)
      ws.latest.message(String(n), { cursor: `c${n}` })
      time.advance(300)
      if (sse.latest.closed) break
    }
    expect(sse.latest.closed).toBe(true)
    ws.latest.message('seven', { cursor: 'c7' })
    expect(news()).toEqual(['2', '3', '4', '5', 'open webSocket', 'seven'])
    leave()
  })

  test('a higher technique that opens and sends nothing does not take over, though the channel is quiet', () => {
    const { ws, sse, time, news, leave } = fallen()
    time.advance(10_000)
    ws.latest.open()
    time.advance(30_000)
    expect(sse.latest.closed).toBe(false)
    sse.latest.message('two', { cursor: 'c2' })
    expect(news()).toEqual(['two'])
    leave()
  })

  test('a new message that only the higher technique delivers commits the change', () => {
    const { ws, sse, time, news, leave } = fallen()
    time.advance(10_000)
    ws.latest.open()
    ws.latest.message('two', { cursor: 'c2' })
    expect(sse.latest.closed).toBe(true)
    expect(news()).toEqual(['open webSocket', 'two'])
    leave()
  })

  test('an attempt that fails changes nothing, and the next one is later', () => {
    const { ws, sse, time, news, leave } = fallen()
    time.advance(10_000)
    ws.latest.refuse(404)
    time.advance(19_999)
    expect(ws.connections).toHaveLength(2)
    time.advance(1)
    expect(ws.connections).toHaveLength(3)
    // It does not respond.
    time.advance(3_000)
    expect([ws.latest.closed, sse.latest.closed]).toEqual([true, false])
    expect(news()).toEqual([])
    leave()
  })

  test('a higher technique that opens and disconnects before it is stable changes nothing', () => {
    const { ws, sse, time, news, leave } = fallen()
    time.advance(10_000)
    ws.latest.open()
    time.advance(50)
    ws.latest.drop()
    time.advance(1_000)
    sse.latest.message('two', { cursor: 'c2' })
    expect(news()).toEqual(['two'])
    leave()
  })

  test('the highest of all is tried first, then the next', () => {
    const { ws, sse, poll, time, events, leave } = climb()
    ws.latest.refuse(404)
    sse.latest.refuse(404)
    poll.latest.open()
    poll.latest.message('one', { cursor: 'c1' })
    time.advance(10_000)
    ws.latest.refuse(404)
    sse.latest.open()
    sse.latest.alive()
    time.advance(1_000)
    expect([poll.latest.closed, sse.latest.closed]).toEqual([true, false])
    expect(events.at(-1)).toEqual({ type: 'open', technique: 'sse', unconfirmed: false, reason: 'it works again' })
    leave()
  })

  test('without a cursor the old connection closes before the new one opens, and a gap is emitted', () => {
    const { ws, sse, time, news, leave } = fallen({ mock: { resumes: false } })
    time.advance(10_000)
    ws.latest.open()
    expect([sse.latest.closed, ws.connections.length]).toEqual([true, 3])
    ws.latest.open()
    ws.latest.message('two')
    expect(news()).toEqual(['open webSocket', 'gap not-resumed', 'two'])
    leave()
  })

  test('a position that the higher technique no longer knows prevents the change', () => {
    const { ws, sse, time, news, leave } = fallen()
    time.advance(10_000)
    ws.latest.open()
    ws.latest.gap('history-expired')
    expect([ws.latest.closed, sse.latest.closed]).toEqual([true, false])
    expect(news()).toEqual([])
    leave()
  })

  test('a higher technique is tried at once when the network changes, and results are forgotten', () => {
    const changes$ = new Subject<void>()
    const { ws, time, leave } = fallen({ networkChange$: changes$ })
    time.advance(100)
    changes$.next()
    time.advance(0)
    expect(ws.connections).toHaveLength(2)
    leave()
    expect(changes$.observed).toBe(false)
  })

  test('after the change, a lost connection resumes from the position of the higher technique', () => {
    const { ws, time, news, leave } = fallen()
    time.advance(10_000)
    ws.latest.open()
    ws.latest.message('two', { cursor: 'c2' })
    ws.latest.drop()
    time.advance(250)
    expect(ws.latest.request.cursor?.value).toBe('c2')
    ws.latest.open()
    ws.latest.message('three', { cursor: 'c3' })
    expect(news().filter((word) => /^[a-z]+$/.test(word) && word !== 'connecting')).toEqual(['two', 'three'])
    leave()
  })

  test.for(['probing', 'open beside', 'taken over'])('leaves nothing behind when left while %s', (phase) => {
    const { ws, time, leave } = fallen()
    time.advance(10_000)
    if (phase !== 'probing') ws.latest.open()
    if (phase === 'taken over') time.advance(1_000)
    expect(leave).not.toThrow()
  })
})

describe('remembered results', () => {
  test('the next connection starts with the technique that works, for a time', () => {
    const { ws, sse, time, leave } = fallen({ rememberFor: 60_000, upgradeProbe: { first: 600_000, max: 600_000 } })
    time.advance(6_000)
    sse.latest.drop()
    time.advance(500)
    expect([ws.connections.length, sse.connections.length]).toEqual([1, 2])
    sse.latest.open()
    time.advance(54_000)
    sse.latest.drop()
    time.advance(500)
    expect(ws.connections).toHaveLength(2)
    leave()
  })

  test('another channel of the same origin starts with it too, one of another origin does not', () => {
    const { ws, sse, push, leave } = fallen()
    const others = ['/b', 'http://other.test/b'].map((url) => push.channel(url).events$.subscribe())
    expect([sse.connections.length, ws.connections.length]).toEqual([2, 2])
    expect(sse.latest.request.url).toBe('http://push.test/b')
    expect(ws.latest.request.url).toBe('http://other.test/b')
    for (const other of others) other.unsubscribe()
    leave()
  })

  test('they are kept between visits with a `storage`, and a broken storage changes nothing', () => {
    const kept = new Map<string, string>()
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    }
    fallen({ storage }).leave()
    const again = climb({ storage })
    expect([again.ws.connections.length, again.sse.connections.length]).toEqual([0, 1])
    again.leave()

    for (const [key] of kept) kept.set(key, '{"name":')
    const broken = climb({ storage })
    expect(broken.ws.connections).toHaveLength(1)
    broken.leave()

    const refuse = () => {
      throw new DOMException('denied', 'SecurityError')
    }
    fallen({ storage: { getItem: refuse, setItem: refuse, removeItem: refuse } }).leave()
  })
})

test('a dead connection is shown as open once, even if a higher technique could not be reached', () => {
  const { ws, poll, time, seen, channel, leave } = climb({ unsupported: ['sse'] })
  for (let attempt = 0; attempt < 3; attempt += 1) {
    ws.latest.drop(new PushError('network-error', 'down'))
    poll.latest.open({ unconfirmed: true })
    // It is taken for dead after 20 s, and the next attempt begins within a second.
    time.advance(21_000)
  }
  expect(poll.connections).toHaveLength(3)
  expect(seen.filter((event) => event.startsWith('open'))).toEqual(['open longPolling'])
  expect(channel.status).toBe('reconnecting')
  leave()
})

test('explain() describes the state of a fallback in sentences', () => {
  const { channel, time, leave } = fallen()
  time.advance(4_000)
  expect(channel.explain()).toBe(
    'http://push.test/a is open by sse. The techniques are webSocket, then sse, then longPolling. ' +
      'The next connection starts with sse. webSocket failed 4.0 s ago: The mock server rejected the request with 404. ' +
      'A preferred technique is tried in 6.0 s.',
  )
  leave()
})

test.for([
  ['no technique', [], 'missing-technique'],
  ['a timeout of 0', [{ connectTimeout: 0 }], 'invalid-option'],
  ['a shrinking probe', [{ upgradeProbe: { first: 10, max: 5 } }], 'invalid-option'],
  ['NaN', [{ maxShortSessions: Number.NaN }], 'invalid-option'],
] as const)('rejects %s', ([, given, code]) => {
  const techniques: Technique[] = code === 'missing-technique' ? [] : [mockTechnique()]
  const [options] = given
  expect(() => (options ? fallback(options, ...techniques) : fallback(...techniques))).toThrow(
    expect.objectContaining({ code }),
  )
})

describe('a fresh token', () => {
  test('is called for each technique, and for each attempt of a higher one', () => {
    const time = virtualTime()
    const [ws, sse] = [mockTechnique({ name: 'webSocket' }), mockTechnique({ name: 'sse' })]
    let tokens = 0
    const push = createPushClient({
      baseUrl: 'http://push.test/',
      technique: fallback({ random: () => 1, networkChange$: new Subject() }, ws, sse),
      prepareRequest: () => ({ query: { token: String((tokens += 1)) } }),
      disconnectDelay: 0,
      scheduler: time,
    })
    const subscription = push.channel('/a').events$.subscribe()
    ws.latest.refuse(404)
    expect(sse.latest.request.url).toBe('http://push.test/a?token=2')
    sse.latest.open()
    time.advance(10_000)
    expect(ws.latest.request.url).toBe('http://push.test/a?token=3')
    subscription.unsubscribe()
    expect(time.pending).toBe(0)
  })
})

describe('a header that a technique cannot send', () => {
  test('is reported once, and the technique is not tried again while another one delivers', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const time = virtualTime()
    const lower = mockTechnique({ name: 'sse' })
    const ladder = fallback(
      { random: () => 1, networkChange$: new Subject() },
      webSocket({ implementation: EventTarget as unknown as typeof WebSocket }),
      lower,
    )
    let prepared = 0
    const push = createPushClient({
      baseUrl: 'http://push.test/',
      technique: ladder,
      prepareRequest: () => ({ headers: { Authorization: `Bearer ${(prepared += 1)}` } }),
      // What is idle stays.
      idleReconnectAfter: 1e9,
      disconnectDelay: 0,
      scheduler: time,
    })
    const channels = ['/a', '/b'].map((url) => push.channel(url))
    const readers = channels.map((channel) => channel.events$.subscribe())
    for (const connection of lower.connections) connection.open()
    time.advance(600_000)
    expect(channels.map(({ status }) => status)).toEqual(['open', 'open'])
    // Once for each technique of each first attempt.
    expect(prepared).toBe(4)
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/skips a technique. webSocket: .*cannot send the header "Authorization".*`query`/)],
    ])
    const description = channels[0]?.explain() ?? ''
    expect(description.match(/cannot send the header/g)).toHaveLength(1)
    expect(description).not.toContain('A preferred technique is tried')
    for (const reader of readers) reader.unsubscribe()
    warn.mockRestore()
    expect(time.pending).toBe(0)
  })
})
