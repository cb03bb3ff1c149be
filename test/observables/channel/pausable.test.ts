import fc from 'fast-check'
import { BehaviorSubject, Subject, take } from 'rxjs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { defineChannel, pausable, type Channel, type PushEvent } from 'pinia-push/observables'
import { createTestingClient, type TestingOptions } from 'pinia-push/testing'

let open: ReturnType<typeof createTestingClient>
const testing = (options: TestingOptions) => (open = createTestingClient(options))
beforeEach(() => void testing({}))
afterEach(() => open.push.close())

const LINGER = 1_000
const PLAIN = { disconnectDelay: LINGER, mock: { resumes: false } }
const replaying = defineChannel({ url: '/a', replay: 3 })

/** Reads a channel, with a pause of its own, and records its events in words. */
function read(channel: Channel<unknown>, paused = false) {
  const seen: string[] = []
  const paused$ = new BehaviorSubject(paused)
  const record = (event: PushEvent<unknown>) => seen.push(inWords(event))
  const subscription = pausable(channel, paused$).subscribe(record)
  return {
    seen,
    /** The messages and gaps among them. */
    news: () => seen.filter((word) => /^\d|^gap/.test(word)),
    pause: () => paused$.next(true),
    resume: () => paused$.next(false),
    leave: () => subscription.unsubscribe(),
  }
}

function inWords(event: PushEvent<unknown>): string {
  if (event.type === 'message') return String(event.data)
  if (event.type === 'gap') return `gap ${event.reason}`
  if (event.type === 'idle') return `idle ${event.pausedBy?.join() ?? ''}`
  return event.type
}

const emitMessages = (...numbers: number[]) => {
  for (const n of numbers) open.technique.latest.message(n)
}

describe('a paused reader', () => {
  test('receives `idle`, then nothing, then the status again', () => {
    const channel = open.push.channel('/a')
    const other = read(channel)
    const reader = read(channel)
    open.technique.latest.open()
    reader.pause()
    reader.resume()
    expect(reader.seen).toEqual(['connecting', 'open', 'idle reader', 'open'])
    expect(other.seen).toEqual(['connecting', 'open'])
  })

  test('does not connect if it starts paused, and then starts from now', () => {
    const { push, technique } = open
    const reader = read(push.channel('/a'), true)
    expect(technique.connections).toHaveLength(0)
    reader.resume()
    technique.latest.open()
    emitMessages(1)
    expect(reader.seen).toEqual(['idle reader', 'connecting', 'open', '1'])
  })

  test('does not affect the others, which miss nothing', () => {
    const { push, technique } = open
    const [one, other] = [read(push.channel('/a')), read(push.channel('/a'))]
    technique.latest.open()
    emitMessages(1)
    one.pause()
    emitMessages(2, 3)
    one.resume()
    emitMessages(4)
    expect(other.seen).toEqual(['connecting', 'open', '1', '2', '3', '4'])
    expect(technique.connections).toHaveLength(1)
  })

  test('disconnects after `disconnectDelay` if it is the last one', () => {
    const { push, technique, time } = testing({ disconnectDelay: LINGER })
    const channel = push.channel('/a')
    const readers = [read(channel), read(channel)]
    technique.latest.open()
    for (const { pause } of readers) pause()
    time.advance(LINGER - 1)
    expect(technique.latest.closed).toBe(false)
    time.advance(1)
    expect(channel.status).toBe('idle')
    open.assertNoLeaks()
  })

  test('that unsubscribes leaves nothing behind', () => {
    const { push, technique } = testing({ disconnectDelay: LINGER })
    const reader = read(push.channel('/a'))
    technique.latest.open()
    reader.pause()
    reader.leave()
    open.time.advance(LINGER)
    expect(technique.latest.closed).toBe(true)
    open.assertNoLeaks()
  })

  test('can pause and resume in the handler of an event', () => {
    const channel = open.push.channel(replaying())
    read(channel)
    open.technique.latest.open()
    const paused$ = new BehaviorSubject(false)
    const seen: unknown[] = []
    pausable(channel, paused$).subscribe((event) => {
      if (event.type !== 'message' && event.type !== 'gap') return
      seen.push(event.type === 'gap' ? event.reason : event.data)
      paused$.next(true)
    })
    emitMessages(1, 2, 3)
    for (let n = 0; n < 4; n++) paused$.next(false)
    expect(seen).toEqual([1, 2, 3])
  })

  test('receives a message that arrived at the moment another reader paused it', () => {
    const channel = open.push.channel(replaying())
    const first = channel.messages$.subscribe(() => second.pause())
    const second = read(channel)
    open.technique.latest.open()
    emitMessages(1)
    expect(second.news()).toEqual([])
    first.unsubscribe()
    second.resume()
    expect(second.news()).toEqual(['1'])
  })
})

describe('on resume, if others went on', () => {
  test('it receives missed messages from the replay buffer, once and in order, with the gaps', () => {
    const { push, technique } = open
    const channel = push.channel(replaying())
    read(channel)
    const reader = read(channel)
    technique.latest.open()
    emitMessages(1)
    reader.pause()
    emitMessages(2)
    technique.latest.gap('history-expired')
    emitMessages(3)
    reader.resume()
    emitMessages(4)
    expect(reader.news()).toEqual(['1', '2', 'gap history-expired', '3', '4'])
  })

  test('it receives a gap, then the rest, if the replay buffer is too small', () => {
    const { push, technique } = open
    const channel = push.channel(replaying())
    read(channel)
    const reader = read(channel)
    technique.latest.open()
    emitMessages(1)
    reader.pause()
    emitMessages(2, 3, 4, 5)
    reader.resume()
    emitMessages(6)
    expect(reader.news()).toEqual(['1', 'gap paused', '3', '4', '5', '6'])
  })

  test('it receives a gap if the channel keeps nothing, and none if nothing was missed', () => {
    const { push, technique } = open
    read(push.channel('/a'))
    const reader = read(push.channel('/a'))
    technique.latest.open()
    emitMessages(1)
    reader.pause()
    reader.resume()
    emitMessages(2)
    reader.pause()
    emitMessages(3)
    reader.resume()
    emitMessages(4)
    expect(reader.news()).toEqual(['1', '2', 'gap paused', '4'])
  })

  test('it receives a pending gap later if it pauses again before the gap was emitted', () => {
    const { push, technique } = open
    const other = read(push.channel('/a'))
    const reader = read(push.channel('/a'))
    technique.latest.open()
    emitMessages(1)
    reader.pause()
    emitMessages(2)
    technique.latest.drop()
    reader.resume()
    reader.pause()
    reader.resume()
    expect(reader.news()).toEqual(['1'])
    push.channel('/a').reconnect()
    technique.latest.open()
    emitMessages(3)
    expect(reader.news()).toEqual(['1', 'gap paused', '3'])
    expect(other.news()).toEqual(['1', '2', '3'])
  })

  test('it receives a gap if a new reader started the channel over meanwhile, once that is open', () => {
    const { push, technique } = open
    const reader = read(push.channel(replaying()))
    technique.latest.open()
    emitMessages(1)
    reader.pause()
    const fresh = read(push.channel(replaying()))
    expect(technique.latest.request.cursor).toBeUndefined()
    reader.resume()
    technique.latest.open()
    emitMessages(2)
    expect(reader.seen.slice(3)).toEqual(['idle reader', 'connecting', 'open', 'gap paused', '2'])
    expect(fresh.seen).toEqual(['connecting', 'open', '2'])
  })
})

describe('on resume, if all were paused', () => {
  test('the channel resumes from the cursor, without a gap', () => {
    const { push, technique } = open
    const channel = push.channel('/a')
    const readers = [read(channel), read(channel)]
    technique.latest.open()
    emitMessages(1)
    for (const { pause } of readers) pause()
    expect(technique.latest.closed).toBe(true)
    for (const { resume } of readers) resume()
    expect(technique.connections).toHaveLength(2)
    expect(technique.latest.request.cursor?.value).toBe('c1')
    technique.latest.open()
    emitMessages(2)
    for (const { seen } of readers) {
      expect(seen).toEqual(expect.arrayContaining(['connecting', 'open', '1', 'idle reader', '2']))
      expect(seen).not.toContain('gap paused')
    }
  })

  test('messages during `disconnectDelay` are not consumed, and are requested again', () => {
    const { push, technique, time } = testing({ disconnectDelay: LINGER })
    const reader = read(push.channel('/a'))
    technique.latest.open()
    emitMessages(1)
    reader.pause()
    emitMessages(2)
    expect(technique.latest.closed).toBe(true)
    open.assertNoLeaks()
    time.advance(LINGER)
    reader.resume()
    expect(technique.latest.request.cursor?.value).toBe('c1')
    technique.latest.open()
    technique.latest.message(2, { cursor: 'c2' })
    expect(reader.news()).toEqual(['1', '2'])
  })

  test.each(['closed', 'failed'])('it receives the gap before it receives that the channel %s', (end) => {
    const { technique, push } = open
    const channel = push.channel('/a')
    const other = read(channel)
    const reader = read(channel)
    technique.latest.open()
    emitMessages(1)
    reader.pause()
    emitMessages(2)
    if (end === 'closed') technique.latest.end()
    else technique.latest.refuse()
    reader.resume()
    expect(reader.seen.slice(-3)).toEqual(['idle reader', 'gap paused', end])
    expect(other.seen.slice(-2)).toEqual([end === 'closed' ? '2' : 'gap not-resumed', end])
  })

  test('a server that cannot resume causes a gap', () => {
    const { push, technique } = testing({ mock: { resumes: false } })
    const reader = read(push.channel('/a'))
    technique.latest.open()
    emitMessages(1)
    reader.pause()
    reader.resume()
    technique.latest.open()
    emitMessages(2)
    expect(reader.news()).toEqual(['1', 'gap not-resumed', '2'])
  })

  test('a server that cannot resume causes no gap within `disconnectDelay` if the replay buffer is large enough', () => {
    const { push, technique, time } = testing(PLAIN)
    const reader = read(push.channel(replaying()))
    technique.latest.open()
    emitMessages(1)
    reader.pause()
    time.advance(LINGER - 1)
    emitMessages(2)
    reader.resume()
    emitMessages(3)
    expect(reader.news()).toEqual(['1', '2', '3'])
    expect(technique.connections).toHaveLength(1)
  })

  test('a reader that paused before the others receives missed messages from the replay buffer', () => {
    const { push, technique } = open
    const [one, other] = [read(push.channel(replaying())), read(push.channel(replaying()))]
    technique.latest.open()
    emitMessages(1)
    one.pause()
    emitMessages(2)
    other.pause()
    one.resume()
    expect(technique.latest.request.cursor?.value).toBe('c2')
    technique.latest.open()
    emitMessages(3)
    other.resume()
    expect(one.news()).toEqual(['1', '2', '3'])
    expect(other.news()).toEqual(['1', '2', '3'])
  })

  test('the sequence continues, and a missing number is detected', () => {
    const { push, technique } = open
    const numbered = defineChannel({ url: '/a', decode: Number, sequence: (n) => n })
    const reader = read(push.channel(numbered()))
    technique.latest.open()
    emitMessages(1)
    reader.pause()
    reader.resume()
    technique.latest.open()
    emitMessages(3)
    expect(reader.news()).toEqual(['1', 'gap sequence', '3'])
  })
})

describe('a reader that starts at a given position', () => {
  const place = () => ({ namespace: 'standard', value: 'c7', opened: true })
  const begin = (paused = false, from = place()) => {
    const seen: string[] = []
    const paused$ = new BehaviorSubject(paused)
    const subscription = pausable(open.push.channel(replaying()), paused$, from).subscribe((event) =>
      seen.push(inWords(event)),
    )
    return { seen, paused$, leave: () => subscription.unsubscribe() }
  }
  const cursor = () => open.technique.latest.request.cursor?.value

  test('connects from there, without a gap', () => {
    const { seen } = begin()
    expect(cursor()).toBe('c7')
    open.technique.latest.open()
    emitMessages(1)
    expect(seen).toEqual(['connecting', 'open', '1'])
  })

  test('receives a gap if the server cannot resume', () => {
    testing({ mock: { resumes: false } })
    const { seen } = begin()
    open.technique.latest.open()
    emitMessages(1)
    expect(seen).toEqual(['connecting', 'open', 'gap not-resumed', '1'])
  })

  test('receives a gap if the channel has other readers, once they are open', () => {
    const other = read(open.push.channel(replaying()))
    const { seen } = begin()
    open.technique.latest.open()
    emitMessages(1)
    expect(seen).toEqual(['connecting', 'open', 'gap not-resumed', '1'])
    expect(other.seen).toEqual(['connecting', 'open', '1'])
    expect(open.technique.connections).toHaveLength(1)
  })

  test('connects from there when it resumes, if it starts paused', () => {
    const { paused$ } = begin(true)
    expect(open.technique.connections).toHaveLength(0)
    paused$.next(false)
    expect(cursor()).toBe('c7')
  })

  test('continues from its own position after a pause, not from there again', () => {
    const { paused$, seen } = begin()
    open.technique.latest.open()
    emitMessages(1)
    paused$.next(true)
    paused$.next(false)
    expect(cursor()).toBe('c1')
    open.technique.latest.open()
    emitMessages(2)
    expect(seen.filter((word) => /^\d|^gap/.test(word))).toEqual(['1', '2'])
  })

  test('can be subscribed again at the same position, which was not changed', () => {
    const from = place()
    const first = begin(false, from)
    open.technique.latest.open()
    emitMessages(1)
    first.leave()
    begin(false, from)
    expect(cursor()).toBe('c7')
  })
})

test('a channel that no client created is rejected, and the error names what to pass', () => {
  const foreign = { ...open.push.channel('/a'), events$: new Subject<PushEvent<unknown>>() }
  expect(() => pausable(foreign, new BehaviorSubject(false))).toThrow(
    'Invalid option `channel` of pausable(): it is an object. Pass a channel that `client.channel()` returned',
  )
})

describe('a channel', () => {
  test('is left by a reader that took only its status', () => {
    const { push, technique } = open
    const reader = read(push.channel('/a'))
    technique.latest.open()
    push.channel('/a').events$.pipe(take(1)).subscribe()
    reader.leave()
    expect(technique.latest.closed).toBe(true)
    open.assertNoLeaks()
  })

  test('does not connect for a reader that leaves while it receives missed messages', () => {
    const { push, technique } = open
    const paused$ = new BehaviorSubject(false)
    const reading = pausable(push.channel(replaying()), paused$).subscribe(({ type }) => {
      if (type === 'message') reading.unsubscribe()
    })
    const other = read(push.channel(replaying()))
    technique.latest.open()
    paused$.next(true)
    emitMessages(1)
    other.pause()
    paused$.next(false)
    expect(reading.closed).toBe(true)
    expect(technique.connections).toHaveLength(1)
    open.assertNoLeaks()
  })

  test('is not read before `paused$` emits', () => {
    const paused$ = new Subject<boolean>()
    const reading = pausable(open.push.channel('/a'), paused$).subscribe()
    expect(open.technique.connections).toHaveLength(0)
    paused$.next(false)
    expect(open.technique.connections).toHaveLength(1)
    reading.unsubscribe()
    open.assertNoLeaks()
  })
})

describe('for every order of pausing and resuming', () => {
  const act = fc.constantFrom(
    'publish',
    'publish',
    'pause 0',
    'resume 0',
    'pause 1',
    'resume 1',
    'join',
    'leave',
    'wait',
    'drop',
  )

  /** Runs against a server that keeps all messages, and returns what pausing and other readers received. */
  function play(acts: readonly string[], { replay, resumes }: { replay: number; resumes: boolean }) {
    const { push, technique, time } = testing({ disconnectDelay: LINGER, mock: { resumes } })
    const channel = push.channel(defineChannel({ url: '/a', replay })())
    let published = 0
    let served = 0
    const send = (n: number) => technique.latest.message(n, { cursor: resumes ? `c${n}` : null })
    /** Opens what connected, and sends what comes after its cursor. */
    const serve = () => {
      if (technique.connections.length === served || technique.latest.closed) return
      served = technique.connections.length
      const { cursor } = technique.latest.request
      technique.latest.open({ cursor: resumes && !cursor ? `c${published}` : null })
      for (let n = cursor ? Number(cursor.value.slice(1)) + 1 : published + 1; n <= published; n++) send(n)
    }
    const pausing = [read(channel), read(channel)]
    const others: ReturnType<typeof read>[] = []
    const all = [...pausing]
    for (const step of acts) {
      serve()
      const [what, which] = step.split(' ')
      if (what === 'publish') {
        published += 1
        if (served > 0 && !technique.latest.closed) send(published)
      }
      if (what === 'pause') pausing[Number(which)]?.pause()
      if (what === 'resume') pausing[Number(which)]?.resume()
      if (what === 'join') {
        others.push(read(channel))
        all.push(...others.slice(-1))
      }
      if (what === 'leave') others.pop()?.leave()
      if (what === 'wait') time.advance(LINGER)
      if (what === 'drop' && served > 0 && !technique.latest.closed) technique.latest.drop()
    }
    for (const { resume } of pausing) resume()
    channel.reconnect()
    serve()
    published += 1
    send(published)
    for (const { leave } of [...pausing, ...others]) leave()
    time.advance(LINGER)
    open.assertNoLeaks()
    return { published, news: all.map(({ news }) => news()) }
  }

  test.each([
    { replay: 0, resumes: true },
    { replay: 2, resumes: true },
    { replay: 0, resumes: false },
    { replay: 2, resumes: false },
  ])('nothing is repeated, and nothing is missing without a gap (%o)', (options) => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        for (const news of play(acts, options).news) {
          const isGap = (word = '') => word.startsWith('gap')
          const numbers = news.filter((word) => !isGap(word)).map(Number)
          expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
          const holes = news.filter(
            (word, n) => n > 0 && !isGap(word) && !isGap(news[n - 1]) && Number(word) !== Number(news[n - 1]) + 1,
          )
          expect(holes).toEqual([])
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a single reader that pauses misses nothing on a server that resumes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('publish', 'publish', 'pause 0', 'resume 0', 'wait', 'drop'), { maxLength: 40 }),
        (acts) => {
          const { news, published } = play(['pause 1', 'publish', ...acts], { replay: 0, resumes: true })
          expect(news[0]).toEqual(Array.from({ length: published }, (_, n) => String(n + 1)))
        },
      ),
      { numRuns: 300 },
    )
  })
})
