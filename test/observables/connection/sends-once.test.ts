import { BehaviorSubject, Subject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import {
  PushError,
  backoff,
  createPushClient,
  pausable,
  type PushClientOptions,
  type PushEvent,
} from 'pinia-push/observables'
import { mockTechnique, virtualTime } from 'pinia-push/testing'

const retry = backoff({ initialDelay: 10, multiplier: 1, random: () => 1 })

/** A channel whose request must be sent once. */
function asked(options: PushClientOptions = {}) {
  const time = virtualTime()
  const technique = mockTechnique({ resumes: false })
  const client = createPushClient({
    baseUrl: 'http://push.test',
    technique: Object.assign(technique, { method: 'POST', sendsOnce: true as const }),
    retry,
    scheduler: time,
    ...options,
  })
  const events: PushEvent<unknown>[] = []
  const channel = client.channel('/chat')
  const reading = channel.events$.subscribe((event) => events.push(event))
  return {
    time,
    technique,
    channel,
    reading,
    requests: () => technique.connections.length,
    story: () =>
      events.flatMap((event) =>
        event.type === 'connecting' || event.type === 'open'
          ? []
          : event.type === 'failed'
            ? `failed ${event.error.code}`
            : event.type === 'gap'
              ? `gap ${event.reason}`
              : event.type,
      ),
  }
}

const unavailable = () => new PushError('unavailable', 'busy', { status: 503, retryAfter: 5 })

describe('a request that is sent once', () => {
  test.for([
    ['has no response', () => new PushError('network-error', 'no response')],
    ['times out', () => new PushError('connect-timeout', 'not open')],
    ['is told to come back later', unavailable],
    ['is answered by another server', () => new PushError('unexpected-response', 'a page')],
  ] as const)('fails the channel if it %s', ([, failure]) => {
    const { technique, time, requests, story } = asked()
    technique.latest.drop(failure())
    time.advance(1e6)
    expect([requests(), story()]).toEqual([1, [`failed ${failure().code}`]])
  })

  test('fails the channel after a gap if its response breaks off, and says how to go on', () => {
    const { technique, time, requests, story, channel } = asked()
    technique.latest.open()
    technique.latest.message(1)
    technique.latest.drop()
    time.advance(1e6)
    expect([requests(), story()]).toEqual([1, ['message', 'gap not-resumed', 'failed connection-lost']])
    expect(channel.state.error?.message).toMatch(/The request is not sent again by itself: call reconnect\(\)/)
  })

  test('is sent again by reconnect(), without a cursor and with a gap', () => {
    const { technique, requests, story, channel } = asked()
    technique.latest.open()
    technique.latest.message(1)
    technique.latest.drop()
    channel.reconnect()
    technique.latest.open()
    technique.latest.message(2)
    expect([requests(), technique.latest.request.cursor]).toEqual([2, undefined])
    expect(story()).toEqual(['message', 'gap not-resumed', 'failed connection-lost', 'gap not-resumed', 'message'])
  })

  test('is retried while it was not sent', () => {
    let prepares = 0
    const { technique, time, requests, story } = asked({
      prepareRequest: () => {
        prepares += 1
        if (prepares === 1) throw new Error('no token')
        return {}
      },
    })
    time.advance(10)
    technique.latest.drop(new PushError('connection-limit', 'no connection'))
    time.advance(10)
    technique.latest.open()
    expect([prepares, requests(), story()]).toEqual([3, 2, ['reconnecting', 'reconnecting']])
  })

  test('is retried once with another token if the server rejects the user', () => {
    let token = 0
    const { technique, time, requests, story } = asked({
      prepareRequest: () => ({ query: { token: String((token += 1)) } }),
    })
    const rejected = () => technique.latest.drop(new PushError('unauthorized', 'no', { status: 401 }))
    rejected()
    time.advance(1)
    rejected()
    time.advance(1e6)
    expect([requests(), story()]).toEqual([2, ['reconnecting', 'failed unauthorized']])
  })

  test('is neither paused with the page nor repeated when it wakes', () => {
    const [hidden$, wake$] = [new BehaviorSubject<readonly string[]>([]), new Subject()]
    const { technique, requests, story } = asked({ lifecycle: () => ({ pause$: hidden$, wake$ }) })
    technique.latest.open()
    technique.latest.message(1)
    hidden$.next(['hidden'])
    hidden$.next([])
    wake$.next(undefined)
    technique.latest.message(2)
    expect([requests(), story()]).toEqual([1, ['message', 'message']])
  })

  test('is not replaced while it is silent, however long', () => {
    const { technique, time, requests, story } = asked()
    technique.latest.open()
    technique.latest.message(1)
    time.advance(1e6)
    technique.latest.message(2)
    expect([requests(), story()]).toEqual([1, ['message', 'message']])
  })

  test('is aborted when its last reader leaves, with every timer', () => {
    const { technique, reading, time } = asked({ disconnectDelay: 5_000 })
    technique.latest.open()
    reading.unsubscribe()
    expect([technique.latest.closed, time.pending]).toEqual([true, 0])
  })

  test('is not sent again by a later reader once it was answered, but by reconnect()', () => {
    const { technique, reading, channel, requests } = asked()
    technique.latest.open()
    technique.latest.message(1)
    technique.latest.end()
    reading.unsubscribe()
    const later: string[] = []
    channel.events$.subscribe(({ type }) => later.push(type))
    expect([requests(), channel.status, later]).toEqual([1, 'closed', ['closed']])
    channel.reconnect()
    technique.latest.open()
    technique.latest.message(2)
    expect([requests(), channel.status]).toEqual([2, 'open'])
  })

  test('is not sent again by a reader that was paused after the answer', () => {
    const { technique, reading, channel, requests } = asked()
    reading.unsubscribe()
    const [paused$, events] = [new BehaviorSubject(false), [] as string[]]
    pausable(channel, paused$).subscribe(({ type }) => events.push(type))
    technique.latest.open()
    technique.latest.message(1)
    technique.latest.end()
    paused$.next(true)
    paused$.next(false)
    expect([requests(), events.filter((type) => type === 'message')]).toEqual([2, ['message']])
    expect(channel.status).toBe('closed')
  })
})
