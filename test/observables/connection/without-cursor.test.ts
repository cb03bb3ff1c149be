import { describe, expect, test } from 'vitest'
import { PushError, backoff, createPushClient, type PushEvent } from 'pinia-push/observables'
import { mockTechnique, virtualTime } from 'pinia-push/testing'

const unreachable = () => new PushError('network-error', 'nothing responds')

/** Failures that may be the cursor's fault, and an outage's too. */
const UNANSWERED = [
  ['nothing responds', unreachable],
  ['the server responds with 500', () => new PushError('unavailable', 'broken', { status: 500 })],
  ['it hangs', () => new PushError('connect-timeout', 'not open')],
] as const

/** A channel that was open, got one message, and lost its connection. */
function lost() {
  const time = virtualTime()
  const technique = mockTechnique()
  const retry = backoff({ initialDelay: 10, multiplier: 1, random: () => 1 })
  const client = createPushClient({
    technique,
    baseUrl: 'http://push.test',
    retry,
    scheduler: time,
    disconnectDelay: 0,
  })
  const events: PushEvent<unknown>[] = []
  const reading = client.channel('/a').events$.subscribe((event) => events.push(event))
  technique.latest.open()
  technique.latest.message(1)
  technique.latest.drop()
  time.advance(10)
  return {
    time,
    technique,
    client,
    reading,
    /** The cursors of the requests since the loss. */
    asked: () => technique.connections.slice(1).map(({ request }) => request.cursor?.value),
    types: () => events.map((event) => (event.type === 'gap' ? `gap ${event.reason}` : event.type)),
  }
}

describe('a channel whose server responds only to requests without a cursor', () => {
  /** Responds only to requests without a cursor, in two attempts. */
  const refused = (failure: () => PushError = unreachable) => {
    const channel = lost()
    const { technique, time } = channel
    for (const next of ['attempt', 'connection']) {
      technique.latest.drop(failure())
      technique.latest.open({ cursor: null })
      technique.latest.drop(failure())
      if (next === 'attempt') time.advance(10)
    }
    return channel
  }

  test.for(UNANSWERED)('continues without one, after a gap, if %s in two attempts', ([, failure]) => {
    const { technique, asked, types } = refused(failure)
    technique.latest.open()
    technique.latest.message(2)
    expect(asked()).toEqual(['c1', undefined, 'c1', 'c1', undefined, 'c1', undefined])
    expect(types().slice(3).join()).toBe('reconnecting,connecting,reconnecting,connecting,open,gap not-resumed,message')
  })

  test.for(UNANSWERED)('keeps its cursor if %s in one attempt', ([, failure]) => {
    const { technique, asked, types, time } = lost()
    technique.latest.drop(failure())
    technique.latest.open({ cursor: null })
    technique.latest.drop(failure())
    time.advance(10)
    technique.latest.open()
    technique.latest.message(2)
    expect(asked()).toEqual(['c1', undefined, 'c1', 'c1'])
    expect(types().slice(-2)).toEqual(['open', 'message'])
  })

  test('sends no cursor any more, and emits a gap after each loss', () => {
    const { technique, asked, types, time } = refused()
    for (let round = 0; round < 3; round += 1) {
      technique.latest.open()
      technique.latest.message(round)
      technique.latest.drop()
      time.advance(10)
    }
    expect(asked().slice(6)).toEqual([undefined, undefined, undefined, undefined])
    expect(types().filter((type) => type === 'gap not-resumed')).toHaveLength(3)
  })

  test('informs techniques that make several requests', () => {
    const { technique } = refused()
    expect(technique.latest.request.withoutCursor).toBe(true)
    expect(technique.connections.slice(0, -1).map(({ request }) => request.withoutCursor)).not.toContain(true)
  })
})

describe('an outage', () => {
  test.for(UNANSWERED)('costs no cursor, however long it lasts, if %s', ([, failure]) => {
    const { technique, asked, types, time } = lost()
    for (let attempt = 0; attempt < 5; attempt += 1) {
      technique.latest.drop(failure())
      technique.latest.drop(failure())
      time.advance(10)
    }
    technique.latest.open()
    technique.latest.message(2)
    expect(asked()).toEqual([...Array.from({ length: 5 }, () => ['c1', undefined]).flat(), 'c1'])
    expect(types().filter((type) => type === 'reconnecting')).toHaveLength(6)
    expect(types().slice(-2)).toEqual(['open', 'message'])
  })

  test('costs no cursor if the server recovers between the two requests', () => {
    const { technique, asked, types } = lost()
    technique.latest.drop(unreachable())
    technique.latest.open({ cursor: null })
    technique.latest.open()
    technique.latest.message(2)
    expect(asked()).toEqual(['c1', undefined, 'c1'])
    expect(types().slice(-2)).toEqual(['open', 'message'])
  })

  test('causes only requests with the cursor, once a cursor was accepted', () => {
    const { technique, asked, time } = lost()
    technique.latest.open()
    technique.latest.drop()
    for (let attempt = 0; attempt < 3; attempt += 1) {
      time.advance(10)
      technique.latest.drop(unreachable())
    }
    expect(asked()).toEqual(['c1', 'c1', 'c1', 'c1'])
  })

  test('causes no request without a cursor if the server responded', () => {
    const { technique, asked, time } = lost()
    technique.latest.refuse(503)
    time.advance(10)
    expect(asked()).toEqual(['c1', 'c1'])
  })

  test('ends with the rejection of the request without a cursor, which is more specific than a network error', () => {
    const { technique, types } = lost()
    technique.latest.drop(unreachable())
    technique.latest.refuse(404)
    expect(types().slice(-2)).toEqual(['gap not-resumed', 'failed'])
  })

  test('leaves no connection and no timer behind in any of its steps', () => {
    for (const steps of [0, 1, 2, 3]) {
      const { technique, reading, time } = lost()
      if (steps > 0) technique.latest.drop(unreachable())
      if (steps > 1) technique.latest.open({ cursor: null })
      if (steps > 2) technique.latest.drop(unreachable())
      reading.unsubscribe()
      expect([technique.connections.filter(({ closed }) => !closed), time.pending]).toEqual([[], 0])
    }
  })
})

describe.for([400, 413, 414, 431])('a server that responds with %d', (status) => {
  const refusal = () => new PushError('rejected', `responded with ${status}`, { status })

  test('to a cursor gets one request without it, after a gap', () => {
    const { technique, asked, types, time } = lost()
    technique.latest.drop(refusal())
    time.advance(10)
    technique.latest.open({ cursor: null })
    technique.latest.message(2)
    technique.latest.drop()
    time.advance(10)
    technique.latest.open({ cursor: null })
    expect(asked()).toEqual(['c1', undefined, undefined])
    expect(types().filter((type) => type.startsWith('gap'))).toEqual(['gap not-resumed', 'gap not-resumed'])
  })

  test('to one cursor of several gets the next one', () => {
    const { technique, asked, time } = lost()
    technique.latest.open()
    technique.latest.message(2)
    technique.latest.drop()
    time.advance(10)
    technique.latest.drop(refusal())
    time.advance(10)
    technique.latest.open({ cursor: null })
    technique.latest.message(3)
    technique.latest.drop()
    time.advance(10)
    expect(asked()).toEqual(['c1', 'c2', undefined, 'c3'])
  })

  test('to a later poll of a connection gets a request without a cursor', () => {
    const { technique, asked, types, time } = lost()
    technique.latest.open()
    technique.latest.message(2)
    technique.latest.drop(refusal())
    time.advance(10)
    technique.latest.open({ cursor: null })
    expect(asked()).toEqual(['c1', undefined])
    expect(types().slice(-2)).toEqual(['open', 'gap not-resumed'])
  })

  test('with and without a cursor has rejected the channel', () => {
    const { technique, asked, types, time } = lost()
    technique.latest.drop(refusal())
    time.advance(10)
    technique.latest.drop(refusal())
    time.advance(1e6)
    expect(asked()).toEqual(['c1', undefined])
    expect(types().slice(-2)).toEqual(['gap not-resumed', 'failed'])
  })
})

test.for([401, 403, 404, 410])('a server that responds with %d rejects more than the cursor', (status) => {
  const { technique, asked, time } = lost()
  technique.latest.drop(new PushError('rejected', 'no', { status }))
  time.advance(1e6)
  expect(asked()).not.toContain(undefined)
})
