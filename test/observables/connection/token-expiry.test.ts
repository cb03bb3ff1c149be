import { describe, expect, test } from 'vitest'
import { backoff, createPushClient, fallback } from 'pinia-push/observables'
import { mockTechnique, virtualTime, type MockTechnique } from 'pinia-push/testing'

interface Options {
  via?: (technique: MockTechnique) => ReturnType<typeof fallback>
  resumes?: boolean
  /** In how many ms a token expires. */
  lasts?: number | undefined
  /** By how many ms timers are early. */
  early?: number
  /** Whether a token comes. */
  answers?: () => boolean
}
/** One reader of a channel whose tokens last a minute. */
function read({ via = (one) => one, resumes = true, lasts = 60_000, early = 0, answers = () => true }: Options = {}) {
  const virtual = virtualTime()
  const time = Object.assign(Object.create(virtual) as typeof virtual, {
    schedule: (...[work, delay = 0, state]: Parameters<typeof virtual.schedule>) =>
      virtual.schedule(work, Math.max(0, delay - early), state),
  })
  const technique = mockTechnique({ resumes, namespace: 'standard' })
  let tokens = 0
  const prepared = () => ({ query: { token: String((tokens += 1)) }, expiresAt: time.now() + lasts })
  const push = createPushClient({
    baseUrl: 'http://push.test/',
    technique: via(technique),
    prepareRequest: () => (answers() ? prepared() : new Promise<never>(() => {})),
    retry: backoff({ random: () => 0.5, scheduler: time }),
    idleReconnectAfter: 1e9,
    disconnectDelay: 0,
    scheduler: time,
  })
  const seen: string[] = []
  const subscription = push
    .channel<string>('/a')
    .events$.subscribe((event) => seen.push(event.type === 'message' ? event.data : event.type))
  const open = () => technique.connections.filter(({ closed }) => !closed)
  return {
    technique,
    time,
    open,
    news: () => seen.splice(0),
    leave() {
      subscription.unsubscribe()
      expect([open(), time.pending]).toEqual([[], 0])
    },
  }
}

describe('before a token expires', () => {
  test('a connection reconnects from its cursor with a new token, without an event', () => {
    const { technique, time, open, news, leave } = read()
    technique.latest.open()
    technique.latest.message('one')
    time.advance(53_999)
    expect(technique.connections).toHaveLength(1)
    time.advance(1)
    expect(open()).toEqual([technique.latest])
    expect(technique.latest.request).toMatchObject({ url: 'http://push.test/a?token=2', cursor: { value: 'c1' } })
    technique.latest.open()
    technique.latest.message('two')
    time.advance(54_000)
    expect(technique.connections).toHaveLength(3)
    expect(news()).toEqual(['connecting', 'open', 'one', 'two'])
    leave()
  })

  test('a connection that receives its cursor later reconnects soon after', () => {
    const { technique, time, news, leave } = read({ lasts: 2_000 })
    time.advance(1_900)
    technique.latest.open({ cursor: null })
    technique.latest.message('one')
    time.advance(1_000)
    expect(technique.connections).toHaveLength(2)
    expect(technique.latest.request.cursor?.value).toBe('c1')
    expect(news()).toEqual(['connecting', 'open', 'one'])
    leave()
  })

  test('a connection without a cursor stays open until the server rejects the token', () => {
    const { technique, time, leave } = read({ resumes: false })
    technique.latest.open({ cursor: null })
    technique.latest.message('one')
    time.advance(1e6)
    expect(technique.connections).toHaveLength(1)
    leave()
  })
})

describe('before a token expires, with fallback', () => {
  const ladder = { via: (technique: MockTechnique) => fallback({ overlapTime: 0 }, technique) }

  test('a connection with a new one opens beside the old one, and takes over from its cursor without an event', () => {
    const { technique, time, news, leave } = read(ladder)
    const old = technique.latest
    old.open()
    old.message('one')
    time.advance(54_000)
    const renewed = technique.latest
    expect(renewed.request).toMatchObject({ url: 'http://push.test/a?token=2', cursor: { value: 'c1' } })
    expect(old.closed).toBe(false)
    // What is published meanwhile comes by both.
    old.message('two', { cursor: 'c2' })
    renewed.open()
    renewed.message('two', { cursor: 'c2' })
    time.advance(0)
    expect(old.closed).toBe(true)
    renewed.message('three', { cursor: 'c3' })
    expect(news()).toEqual(['connecting', 'open', 'one', 'two', 'three'])
    leave()
  })

  test('a renewed connection is renewed again', () => {
    const { technique, time, open, news, leave } = read(ladder)
    technique.latest.open()
    for (let renewal = 1; renewal <= 10; renewal += 1) {
      time.advance(54_000)
      expect(technique.connections).toHaveLength(renewal + 1)
      technique.latest.open()
      time.advance(0)
      expect(open()).toEqual([technique.latest])
    }
    expect(news()).toEqual(['connecting', 'open'])
    leave()
  })

  test('a timer that is early gets a new token too', () => {
    const { technique, time, leave } = read({ ...ladder, early: 1 })
    technique.latest.open()
    time.advance(54_000)
    expect(technique.latest.request.url).toBe('http://push.test/a?token=2')
    leave()
  })

  test('a token that expired before its connection opened is renewed at once', () => {
    const { technique, time, open, news, leave } = read({ ...ladder, lasts: 2_000 })
    technique.latest.open()
    time.advance(1_800)
    time.advance(2_500)
    technique.latest.open()
    time.advance(0)
    expect(technique.latest.request.url).toBe('http://push.test/a?token=3')
    technique.latest.open()
    time.advance(0)
    expect(open()).toEqual([technique.latest])
    expect(news()).toEqual(['connecting', 'open'])
    leave()
  })

  test('a renewal that fails changes nothing: the old token is used until the server rejects it, and then a new one is requested', () => {
    const { technique, time, news, leave } = read(ladder)
    const old = technique.latest
    old.open()
    time.advance(54_000)
    technique.latest.refuse(503)
    old.message('one')
    old.drop()
    time.advance(250)
    expect(technique.latest.request.url).toBe('http://push.test/a?token=2')
    technique.latest.refuse(401)
    time.advance(0)
    expect(technique.latest.request.url).toBe('http://push.test/a?token=3')
    technique.latest.open()
    expect(news().join()).toBe('connecting,open,one,reconnecting,connecting,reconnecting,connecting,open')
    leave()
  })

  test('if nothing proves that the new connection continues, the old one closes first, and a gap is emitted', () => {
    const { technique, time, news, leave } = read({ ...ladder, resumes: false })
    const old = technique.latest
    old.open({ cursor: null })
    old.message('one')
    time.advance(54_000)
    technique.latest.open({ cursor: null })
    expect(old.closed).toBe(true)
    technique.latest.open({ cursor: null })
    expect(news()).toEqual(['connecting', 'open', 'one', 'gap'])
    leave()
  })

  test.each(['waiting for the token', 'connecting', 'open beside'])('leaves nothing when left while %s', (phase) => {
    let answer = true
    const { technique, time, leave } = read({ ...ladder, answers: () => answer })
    technique.latest.open()
    technique.latest.message('one')
    answer = phase !== 'waiting for the token'
    time.advance(54_000)
    if (phase === 'open beside') technique.latest.open()
    expect(leave).not.toThrow()
  })
})

test.each([
  ['has expired already, by another clock', -1],
  ['never expires', Infinity],
])('a token that %s is not renewed in advance', (_, lasts) => {
  const { technique, time, leave } = read({ lasts })
  technique.latest.open()
  time.advance(1e6)
  expect(technique.connections).toHaveLength(1)
  leave()
})
