import { scan } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { IDLE, connectionState } from 'pinia-push/kit'
import { PushError, type ConnectionState, type PushEvent } from 'pinia-push/observables'
import { createTestingClient } from 'pinia-push/testing'

const lost = new PushError('connection-lost', 'the connection broke')
const unreadable = new PushError('invalid-message', 'not JSON')

const STATES: Readonly<Record<string, ConnectionState>> = {
  idle: IDLE,
  held: { ...IDLE, pausedBy: ['hidden'] },
  connecting: { ...IDLE, status: 'connecting' },
  again: { ...IDLE, status: 'reconnecting', attempt: 2, error: lost },
  open: { ...IDLE, status: 'open', technique: 'sse' },
  'open, unreadable': { ...IDLE, status: 'open', technique: 'sse', error: unreadable },
  waiting: { ...IDLE, status: 'reconnecting', attempt: 2, error: lost, retryAt: 1_000 },
  failed: { ...IDLE, status: 'failed', error: lost },
  closed: { ...IDLE, status: 'closed' },
}

describe('connectionState', () => {
  // What each event about the connection makes of any state.
  test.for<[PushEvent<unknown>, Partial<ConnectionState>]>([
    [{ type: 'idle' }, { status: 'idle' }],
    [
      { type: 'idle', pausedBy: ['hidden', 'bfcache'] },
      { status: 'idle', pausedBy: ['hidden', 'bfcache'] },
    ],
    [
      { type: 'open', technique: 'webSocket', unconfirmed: false },
      { status: 'open', technique: 'webSocket' },
    ],
    [
      { type: 'reconnecting', error: lost, attempt: 3, delay: 500, retryAt: 1_500 },
      { status: 'reconnecting', error: lost, attempt: 3, retryAt: 1_500 },
    ],
    [
      { type: 'failed', error: lost },
      { status: 'failed', error: lost },
    ],
    [{ type: 'closed', by: 'server' }, { status: 'closed' }],
  ])('%o has the same result after any state', ([event, expected]) => {
    for (const before of Object.values(STATES))
      expect(connectionState(before, event)).toEqual({
        status: 'idle',
        technique: undefined,
        error: undefined,
        attempt: 0,
        retryAt: undefined,
        pausedBy: [],
        ...expected,
      })
  })

  test('an attempt keeps the error that made it necessary', () => {
    const { waiting = IDLE, closed = IDLE } = STATES
    expect(connectionState(waiting, { type: 'connecting', attempt: 3 })).toEqual({
      ...IDLE,
      status: 'reconnecting',
      attempt: 3,
      error: lost,
    })
    expect(connectionState(closed, { type: 'connecting', attempt: 0 }).error).toBeUndefined()
  })

  test('an error of one message stays until the next good one', () => {
    const { open = IDLE } = STATES
    const wrong = connectionState(open, { type: 'invalid', error: unreadable, raw: '{' })
    expect(wrong).toEqual({ ...open, error: unreadable })
    expect(connectionState(wrong, { type: 'message', data: 1, event: 'message' })).toEqual(open)
  })

  test.for(Object.entries(STATES).filter(([name]) => name !== 'open, unreadable'))(
    'a message or a gap changes nothing of "%s", and returns the same object',
    ([, before]) => {
      expect(connectionState(before, { type: 'message', data: 1, event: 'message' })).toBe(before)
      expect(connectionState(before, { type: 'gap', reason: 'history-expired' })).toBe(before)
    },
  )

  test('is the state that a channel shows, and that a reader can derive from its events', () => {
    const { push, technique, advance } = createTestingClient()
    const channel = push.channel('/a')
    const shown: ConnectionState[] = []
    const made: ConnectionState[] = []
    channel.state$.subscribe((state) => shown.push(state))
    const reading = channel.events$.pipe(scan(connectionState, IDLE)).subscribe((state) => made.push(state))
    technique.latest.open()
    technique.latest.message('1')
    technique.latest.invalid()
    technique.latest.message('2')
    technique.latest.drop()
    void advance(500)
    reading.unsubscribe()
    expect(shown.map(({ status, error }) => [status, error?.code])).toEqual([
      ['idle', undefined],
      ['connecting', undefined],
      ['open', undefined],
      ['open', 'invalid-message'],
      ['open', undefined],
      ['reconnecting', 'connection-lost'],
      ['reconnecting', 'connection-lost'],
      ['idle', undefined],
    ])
    expect(made.filter((state, at) => state !== made[at - 1])).toEqual(shown.slice(1, -1))
  })
})
