import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BehaviorSubject, NEVER, Subject } from 'rxjs'
import { afterEach, describe, expect, test } from 'vitest'
import {
  PushError,
  backoff,
  defineChannel,
  pageLifecycle,
  pausable,
  polling,
  type Channel,
  type PageLifecycleOptions,
  type PushEvent,
} from 'pinia-push/observables'
import { createTestingClient, type TestingOptions } from 'pinia-push/testing'
import { waitFor } from '../../wait-for.ts'

let close = () => {}
afterEach(() => close())

const MINUTE = 60_000

/** A client in a page whose life a test leads. */
function inPage(life: PageLifecycleOptions = {}, options: TestingOptions = {}) {
  const signals = {
    hidden$: new BehaviorSubject(false),
    offline$: new BehaviorSubject(false),
    left$: new BehaviorSubject(false),
    thawed$: new Subject<void>(),
  }
  const client = createTestingClient({ lifecycle: pageLifecycle({ signals, ...life }), ...options })
  close = () => client.push.close()
  return { ...client, signals }
}

function read(channel: Channel<unknown>) {
  const seen: string[] = []
  const subscription = channel.events$.subscribe((event) => seen.push(inWords(event)))
  return { seen, leave: () => subscription.unsubscribe() }
}

function inWords(event: PushEvent<unknown>): string {
  if (event.type === 'message') return String(event.data)
  if (event.type === 'gap') return `gap ${event.reason}`
  if (event.type === 'idle') return `idle ${event.pausedBy?.join() ?? ''}`
  if (event.type === 'reconnecting') return `reconnecting ${event.delay}`
  if (event.type === 'failed') return `failed ${event.error.code}`
  return event.type
}

describe('a hidden page', () => {
  test('stays connected for five minutes, pauses, and resumes from the cursor when it is visible', () => {
    const { push, technique, time, signals } = inPage()
    const { seen } = read(push.channel('/a'))
    technique.latest.open({ heartbeat: 10 * MINUTE })
    signals.hidden$.next(true)
    time.advance(5 * MINUTE - 1)
    technique.latest.message(1)
    expect(technique.connections).toHaveLength(1)
    time.advance(1)
    expect(technique.latest.closed).toBe(true)
    expect(push.channel('/a').status).toBe('idle')
    signals.hidden$.next(false)
    expect(technique.latest.request.cursor?.value).toBe('c1')
    technique.latest.open()
    technique.latest.message(2)
    expect(seen).toEqual(['connecting', 'open', '1', 'idle hidden', 'connecting', 'open', '2'])
  })

  test('that is visible again in time was never paused', () => {
    const { push, technique, time, signals } = inPage()
    const { seen } = read(push.channel('/a'))
    technique.latest.open({ heartbeat: 10 * MINUTE })
    signals.hidden$.next(true)
    time.advance(4 * MINUTE)
    signals.hidden$.next(false)
    time.advance(4 * MINUTE)
    expect(seen).toEqual(['connecting', 'open'])
  })

  test.each([
    [Infinity, undefined, 'open'],
    [1_000, false as const, 'open'],
    [1_000, 3 * MINUTE, 'open'],
    [Infinity, 1_000, 'idle'],
    [0, undefined, 'idle'],
  ])('hiddenTimeout %s, and disconnectWhenHidden %s of a channel: it is %s after two minutes', (all, one, status) => {
    const { push, technique, time, signals } = inPage({ hiddenTimeout: all })
    const channel = push.channel(
      defineChannel({ url: '/a', ...(one !== undefined && { disconnectWhenHidden: one }) })(),
    )
    read(channel)
    technique.latest.open({ heartbeat: 10 * MINUTE })
    signals.hidden$.next(true)
    time.advance(2 * MINUTE)
    expect(channel.status).toBe(status)
  })

  test('that was opened in the background connects', () => {
    const { push, technique, signals } = inPage()
    signals.hidden$.next(true)
    read(push.channel('/a'))
    expect(technique.connections).toHaveLength(1)
  })

  test('reports its reason to a reader that subscribes while it is paused', () => {
    const { push, signals } = inPage({ hiddenTimeout: 0 })
    signals.hidden$.next(true)
    const first = read(push.channel('/a'))
    const second = read(push.channel('/a'))
    expect([first.seen, second.seen]).toEqual([['idle hidden'], ['idle hidden']])
  })

  test('ends a wait when it is visible', () => {
    const { push, technique, signals } = inPage()
    const { seen } = read(push.channel('/a'))
    signals.hidden$.next(true)
    technique.latest.drop()
    signals.hidden$.next(false)
    expect(seen).toEqual(['connecting', 'reconnecting 250', 'connecting'])
  })

  test('keeps sent messages until it resumes', async () => {
    const { push, technique, signals } = inPage({ hiddenTimeout: 0 })
    const anything = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }
    const channel = push.channel(defineChannel({ url: '/a', sendSchema: anything })())
    read(channel as Channel<unknown>)
    technique.latest.open()
    signals.hidden$.next(true)
    const sent = channel.send('later')
    signals.hidden$.next(false)
    technique.latest.open()
    await sent
    expect(technique.latest.sent).toEqual(['"later"'])
  })
})

describe('polls of a hidden page', () => {
  test('are half a minute apart, and are sent at once when it is visible', async () => {
    let asked = 0
    const server = createServer((_, response) => {
      asked += 1
      response.setHeader('Access-Control-Allow-Origin', '*').end(String(asked))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { push, time, signals } = inPage({ hiddenTimeout: Infinity })
    const technique = polling({ minInterval: 1_000, maxInterval: 1_000 })
    const { seen } = read(push.channel(`http://127.0.0.1:${port}/`, { technique }))
    // What watches the connection, what watches for sleep, and the next poll.
    const answered = (n: number) => waitFor(() => expect([seen.at(-1), time.pending]).toEqual([String(n), 3]))
    await answered(1)
    signals.hidden$.next(true)
    time.advance(1_000)
    await answered(2)
    time.advance(29_999)
    expect(time.pending).toBe(3)
    signals.hidden$.next(false)
    await answered(3)
    time.advance(1_000)
    await answered(4)
    expect(asked).toBe(4)
    expect(seen.filter((word) => word.startsWith('reconnecting'))).toEqual([])
    push.close()
    server.close()
  })
})

describe('reasons to pause', () => {
  test('are independent, and all named', () => {
    const user$ = new BehaviorSubject(false)
    const { push, technique, signals } = inPage({ hiddenTimeout: 0, pauseWhen: { user: user$ } })
    const { seen } = read(push.channel('/a'))
    technique.latest.open()
    user$.next(true)
    signals.hidden$.next(true)
    signals.left$.next(true)
    user$.next(false)
    signals.left$.next(false)
    expect(technique.connections).toHaveLength(1)
    signals.hidden$.next(false)
    expect(technique.connections).toHaveLength(2)
    expect(seen).toEqual([
      'connecting',
      'open',
      'idle user',
      'idle user,hidden',
      'idle user,hidden,bfcache',
      'idle hidden,bfcache',
      'idle hidden',
      'connecting',
    ])
  })

  test('that are active from the start prevent the connection', () => {
    const { push, technique } = inPage({ pauseWhen: { user: new BehaviorSubject(true) } })
    const { seen } = read(push.channel('/a'))
    expect(technique.connections).toHaveLength(0)
    expect(seen).toEqual(['idle user'])
  })

  test('combine with a reader that pauses itself', () => {
    const { push, technique, signals } = inPage({ hiddenTimeout: 0 })
    const paused$ = new BehaviorSubject(false)
    const seen: string[] = []
    pausable(push.channel('/a'), paused$).subscribe((event) => seen.push(inWords(event)))
    technique.latest.open()
    technique.latest.message(1)
    signals.hidden$.next(true)
    paused$.next(true)
    signals.hidden$.next(false)
    expect(technique.connections).toHaveLength(1)
    paused$.next(false)
    expect(technique.latest.request.cursor?.value).toBe('c1')
    expect(seen).toEqual(['connecting', 'open', '1', 'idle hidden', 'idle reader', 'connecting'])
  })

  test('do not reconnect a channel that ended or failed', () => {
    const { push, technique, signals } = inPage({ hiddenTimeout: 0 })
    const { seen } = read(push.channel('/a'))
    technique.latest.refuse()
    signals.hidden$.next(true)
    signals.hidden$.next(false)
    signals.thawed$.next()
    expect(seen).toEqual(['connecting', 'failed rejected'])
  })
})

describe('a page that the user leaves', () => {
  test('closes its connections at once, and resumes from the cursor when the user returns', () => {
    const { push, technique, signals } = inPage()
    const { seen } = read(push.channel('/a'))
    technique.latest.open()
    technique.latest.message(1)
    signals.left$.next(true)
    expect(technique.latest.closed).toBe(true)
    signals.left$.next(false)
    expect(technique.latest.request.cursor?.value).toBe('c1')
    technique.latest.open()
    expect(seen).toEqual(['connecting', 'open', '1', 'idle bfcache', 'connecting', 'open'])
  })
})

describe('offline', () => {
  test('retries every half minute, because `navigator.onLine` is unreliable, and at once when the network returns', () => {
    const { push, technique, time, signals } = inPage()
    const { seen } = read(push.channel('/a'))
    signals.offline$.next(true)
    technique.latest.drop()
    time.advance(29_999)
    expect(technique.connections).toHaveLength(1)
    time.advance(1)
    technique.latest.drop()
    signals.offline$.next(false)
    technique.latest.drop()
    expect(seen).toEqual([
      'connecting',
      'reconnecting 30000',
      'connecting',
      'reconnecting 30000',
      'connecting',
      'reconnecting 1000',
    ])
  })

  test('keeps an open connection, and reconnects when the network returns', () => {
    const { push, technique, signals } = inPage()
    const { seen } = read(push.channel('/a'))
    technique.latest.open()
    technique.latest.message(1)
    signals.offline$.next(true)
    expect(technique.latest.closed).toBe(false)
    signals.offline$.next(false)
    expect(technique.latest.request.cursor?.value).toBe('c1')
    technique.latest.open()
    expect(seen).toEqual(['connecting', 'open', '1', 'connecting', 'open'])
  })

  test('a pending attempt is restarted when the network returns', () => {
    const { push, technique, signals } = inPage()
    read(push.channel('/a'))
    signals.offline$.next(true)
    signals.offline$.next(false)
    expect(technique.connections.map(({ closed }) => closed)).toEqual([true, false])
  })

  test('a connection without a cursor is kept when the network returns, and dropped if it receives no byte in time', () => {
    const { push, technique, time, signals } = inPage({}, { mock: { resumes: false } })
    const { seen } = read(push.channel('/a'))
    technique.latest.open({ heartbeat: 15_000 })
    technique.latest.message(1)
    signals.offline$.next(true)
    signals.offline$.next(false)
    time.advance(19_999)
    expect(seen).toEqual(['connecting', 'open', '1'])
    time.advance(1)
    expect(seen).toEqual(['connecting', 'open', '1', 'reconnecting 250'])
  })

  test.each(['localhost', 'app.localhost:8080', '127.0.0.1:3000', '[::1]'])('does not delay %s', (host) => {
    const { push, technique, signals } = inPage()
    const { seen } = read(push.channel(`http://${host}/a`))
    signals.offline$.next(true)
    technique.latest.drop()
    expect(seen).toEqual(['connecting', 'reconnecting 250'])
  })
})

describe('after sleep', () => {
  test('a connection with a cursor resumes from it within seconds', () => {
    const { push, technique, time } = inPage()
    const { seen } = read(push.channel('/a'))
    technique.latest.open({ heartbeat: 15_000 })
    technique.latest.message(1)
    time.sleep(60 * MINUTE)
    time.advance(10_000)
    expect(technique.connections).toHaveLength(2)
    expect(technique.latest.request.cursor?.value).toBe('c1')
    technique.latest.open()
    expect(seen).toEqual(['connecting', 'open', '1', 'connecting', 'open'])
  })

  test('a connection without a cursor gets time to receive a byte', () => {
    const { push, technique, time } = inPage({}, { mock: { resumes: false } })
    const { seen } = read(push.channel('/a'))
    technique.latest.open({ heartbeat: 15_000 })
    time.sleep(60 * MINUTE)
    time.advance(20_000)
    technique.latest.message(1)
    time.advance(19_000)
    technique.latest.message(2)
    expect(seen).toEqual(['connecting', 'open', '1', '2'])
    time.advance(30_000)
    expect(seen.slice(4, 6)).toEqual(['reconnecting 250', 'connecting'])
  })

  test('a wait ends', () => {
    const { push, technique, time } = inPage()
    read(push.channel('/a'))
    for (let n = 0; n < 12; n++) {
      technique.latest.drop()
      push.channel('/a').reconnect()
    }
    technique.latest.drop(new PushError('unavailable', 'come back in an hour', { retryAfter: 60 * MINUTE }))
    time.sleep(60 * MINUTE)
    time.advance(9_999)
    expect(technique.connections).toHaveLength(13)
    time.advance(1)
    expect(technique.connections).toHaveLength(14)
  })

  test('timers of a hidden page that are delayed by a minute do not count as sleep', () => {
    const { push, technique, time, signals } = inPage()
    read(push.channel('/a'))
    technique.latest.open({ heartbeat: 15_000 })
    technique.latest.message(1)
    signals.hidden$.next(true)
    for (let n = 0; n < 4; n++) {
      time.sleep(MINUTE)
      technique.latest.alive()
      time.advance(10_000)
    }
    expect(technique.connections).toHaveLength(1)
  })

  test('a pending attempt is restarted', () => {
    const { push, technique, time } = inPage()
    read(push.channel('/a'))
    time.sleep(MINUTE)
    time.advance(10_000)
    expect(technique.connections.map(({ closed }) => closed)).toEqual([true, false])
  })

  test('a page that thaws reconnects once', () => {
    const { push, technique, time, signals } = inPage()
    read(push.channel('/a'))
    technique.latest.open()
    technique.latest.message(1)
    time.advance(8_000)
    time.sleep(MINUTE)
    signals.thawed$.next()
    technique.latest.open()
    time.advance(2_000)
    expect(technique.connections).toHaveLength(2)
  })
})

test('a page that wakes during an attempt keeps the count of failures, and its status', () => {
  const retry = backoff({ initialDelay: 10, random: () => 1, maxRetries: 1 })
  const { push, technique, time, signals } = inPage({}, { retry })
  const { seen } = read(push.channel('/a'))
  technique.latest.drop()
  time.advance(10)
  signals.offline$.next(true)
  signals.offline$.next(false)
  expect([push.channel('/a').status, technique.connections.length]).toEqual(['reconnecting', 3])
  technique.latest.drop()
  expect(seen).toEqual(['connecting', 'reconnecting 10', 'connecting', 'connecting', 'failed retries-exhausted'])
})

test('a reason to pause that errors fails the channel, after a gap', () => {
  const user$ = new BehaviorSubject(false)
  const { push, technique } = inPage({ pauseWhen: { user: user$ } })
  const { seen } = read(push.channel('/a'))
  technique.latest.open()
  user$.error(new TypeError('a mistake'))
  expect(technique.latest.closed).toBe(true)
  expect(seen).toEqual(['connecting', 'open', 'gap not-resumed', 'failed exception'])
})

test('a connection whose server ignored a cursor is kept when the machine wakes', () => {
  const { push, technique, time, signals } = inPage({}, { mock: { resumes: false } })
  read(push.channel('/a'))
  technique.latest.open()
  technique.latest.message(1, { cursor: 'c1' })
  technique.latest.drop()
  time.advance(250)
  technique.latest.open()
  technique.latest.message(2, { cursor: 'c2' })
  signals.thawed$.next()
  expect([technique.connections.length, technique.latest.closed]).toEqual([2, false])
})

describe('it leaves nothing behind', () => {
  test('listening or ticking when no channel is read, or when the client is closed', () => {
    const { push, signals, assertNoLeaks, technique } = inPage()
    const watched = () => Object.values(signals).map(({ observed }) => observed)
    for (const end of [() => {}, () => push.close()]) {
      const { leave } = read(push.channel('/a'))
      technique.latest.open()
      expect(watched()).toEqual([true, true, true, true])
      end()
      leave()
      expect(watched()).toEqual([false, false, false, false])
      assertNoLeaks()
    }
  })

  test('and does nothing outside a page', () => {
    const { push, technique } = inPage({ signals: undefined })
    const { seen } = read(push.channel('/a'))
    technique.latest.open()
    expect(seen).toEqual(['connecting', 'open'])
  })

  test.each([{ hiddenTimeout: -1 }, { hiddenPollInterval: Number.NaN }, { offlineRetryInterval: -1 }])(
    'rejects %o',
    (options) => {
      expect(() => pageLifecycle(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
    },
  )
})

test('a channel without readers is garbage collected, also the first one', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { push } = inPage()
  // The scripted one keeps its connections, to show them.
  const technique = { name: 'quiet', isSupported: () => true, connect: () => NEVER }
  const used = (url: string) => {
    const channel = push.channel(url, { technique })
    read(channel).leave()
    return new WeakRef(channel)
  }
  const left = [used('/a'), used('/b')]
  await expect
    .poll(() => {
      collect()
      return left.map((channel) => channel.deref() === undefined)
    })
    .toEqual([true, true])
})
