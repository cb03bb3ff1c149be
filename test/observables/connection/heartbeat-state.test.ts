import { describe, expect, test } from 'vitest'
import { ALIVE, RECYCLE, type SourceEvent } from 'pinia-push/kit'
import {
  afterEvent,
  initialState,
  isForwarded,
  verdictOf,
  type HeartbeatState,
} from '../../../src/observables/connection/heartbeat-state.ts'

const LIMITS = { connectTimeout: 3_000, heartbeatInterval: 15_000, heartbeatGrace: 5_000, idleReconnectAfter: 60_000 }

const open = (own: object = {}) => ({ type: 'open', technique: 'sse', namespace: 's', resumed: true, ...own }) as const
const message = { type: 'message', data: 'x', event: 'message' } as const
const alive = (heartbeat?: number | 'default' | 'agreed') => ({ type: 'alive', heartbeat, cursor: '1' }) as const
const retry = { type: 'retry', delay: 5 } as const
const ping = (within?: number) => ({ send: () => {}, every: 10_000, within })

const after = (events: readonly SourceEvent[], promised?: number): HeartbeatState =>
  events.reduce((state, event) => afterEvent(state, event, LIMITS), initialState(LIMITS, promised))
const head = open({ expectsGreeting: true })

describe('a connection may be silent for', () => {
  test.each<[string, readonly SourceEvent[], number | undefined, string]>([
    ['as long as it may take to open', [], undefined, 'connecting connect 3000'],
    ['no longer, if only the head of a response came', [head], undefined, 'greeting connect 3000'],
    ['the promised heartbeat once it is open', [open()], 1_000, 'open heartbeat 6000'],
    ['an idle time, if no heartbeat was promised', [open()], undefined, 'open idle 60000'],
    ['the default heartbeat while it is unconfirmed', [open({ unconfirmed: true })], undefined, 'open heartbeat 20000'],
    ['the promised one while it is unconfirmed', [open({ unconfirmed: true })], 1_000, 'open heartbeat 6000'],
    ['a ping and its response', [open({ ping: ping(2_000) })], undefined, 'open heartbeat 12000'],
    ['an idle time, if pings have no response', [open({ ping: ping() })], undefined, 'open idle 60000'],
    ['a heartbeat that the server promises later', [open(), alive(2_000)], undefined, 'open heartbeat 7000'],
    ['the last of several promised heartbeats', [open(), alive(2_000), alive(4_000)], 1_000, 'open heartbeat 9000'],
    ['the default heartbeat while a body is read', [open(), alive('default')], 1_000, 'open body 20000'],
    ['the same while nothing is open', [alive('default')], 1_000, 'connecting body 20000'],
    ['the promised one after the body', [open(), alive('default'), alive('agreed')], 1_000, 'open heartbeat 6000'],
    ['the promised one after the body, named', [open(), alive('default'), alive(1_000)], 1_000, 'open heartbeat 6000'],
    ['an idle time after the body', [open(), alive('default'), alive('agreed')], undefined, 'open idle 60000'],
  ])('%s', (_, events, promised, expected) => {
    const { phase, silence } = after(events, promised)
    expect(`${phase.type} ${silence.type} ${silence.limit}`).toBe(expected)
  })

  test.each<[string, SourceEvent]>([
    ['a message', message],
    ['bytes', ALIVE],
    ['a cursor', alive()],
    ['the same heartbeat', alive(1_000)],
    ['a wait', retry],
  ])('the same time after %s, without a new state', (_, event) => {
    const state = after([open()], 1_000)
    expect(afterEvent(state, event, LIMITS)).toBe(state)
  })
})

describe('subscribers', () => {
  test.each<[string, readonly SourceEvent[], SourceEvent, boolean]>([
    ['receive messages', [open()], message, true],
    ['receive signs of life', [open()], ALIVE, true],
    ['do not receive that a body is read', [open()], alive('default'), false],
    ['do not receive bytes before the connection is open', [], ALIVE, false],
    ['do not receive a cursor before the connection is open', [], alive(), false],
    ['do not receive bytes before the greeting is parsed', [head], ALIVE, false],
    ['receive the greeting', [head], alive(), true],
  ])('%s', (_, events, event, expected) => expect(isForwarded(after(events).phase, event)).toBe(expected))
})

describe('after its longest silence a connection', () => {
  const verdict = (events: readonly SourceEvent[], promised?: number, recyclable = true) => {
    const error = verdictOf(after(events, promised), () => recyclable)
    return error === RECYCLE || error === undefined ? error : `${error.code}: ${error.message}`
  }

  test('fails if it is not open', () =>
    expect(verdict([])).toMatch(/^connect-timeout: Connection timed out: not open within 3000 ms\. Let the server/))
  test('fails if only its head came', () =>
    expect(verdict([head])).toMatch(/^connect-timeout: Connection timed out: no data within 3000 ms after the head/))
  test('fails if a heartbeat is missing', () =>
    expect(verdict([open()], 1_000)).toMatch(/^heartbeat-timeout: Heartbeat timed out: no data for 6000 ms\./))
  test('fails if the rest of a body is missing', () =>
    expect(verdict([open(), alive('default')])).toMatch(/^heartbeat-timeout: .* 20000 ms\./))
  test('is recycled if it is idle', () => expect(verdict([open()])).toBe(RECYCLE))
  test('stays open if it is idle and could not resume', () =>
    expect(verdict([open()], undefined, false)).toBeUndefined())
})
