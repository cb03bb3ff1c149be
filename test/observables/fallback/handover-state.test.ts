import { describe, expect, test } from 'vitest'
import type { SourceEvent } from 'pinia-push/kit'
import { afterEvent, afterOverlap, type HandoverState } from '../../../src/observables/fallback/handover-state.ts'

const opens = (own: object = {}) => ({ type: 'open', technique: 'sse', namespace: 's', resumed: true, ...own }) as const
const message = { type: 'message', data: 'x', event: 'message', cursor: '2' } as const
const alive = { type: 'alive' } as const
const gap = { type: 'gap', reason: 'history-expired' } as const

const open = opens()
const unconfirmed = opens({ unconfirmed: true })
type Phase = Exclude<HandoverState['type'], 'opening' | 'abandoned'>
const state = (type: Phase, own: ReturnType<typeof opens> = open): HandoverState => ({ type, open: own })
const opening: HandoverState = { type: 'opening' }

/** The state's type, and for one that was given up how. */
const phase = (next: HandoverState) => (next.type === 'abandoned' ? next.outcome.type : next.type)

const after = (
  before: HandoverState,
  event: SourceEvent,
  { trusted = false, repeated = false, pending = 0 }: { trusted?: boolean; repeated?: boolean; pending?: number } = {},
) => phase(afterEvent(before, event, { namespace: 's', trusted, repeated, pending }))

describe('a new connection beside the one in use', () => {
  test.each<[string, HandoverState, SourceEvent, Parameters<typeof after>[2], string]>([
    ['is open when it emits `open`', opening, open, {}, 'open'],
    ['delivers when it is open, if its technique is trusted', opening, open, { trusted: true }, 'overlapping'],
    ['is not trusted before it is confirmed', opening, unconfirmed, { trusted: true }, 'open'],
    ['delivers when it is confirmed, if trusted', state('open', unconfirmed), open, { trusted: true }, 'overlapping'],
    ['delivers after the first event that follows', state('open'), alive, {}, 'overlapping'],
    ['delivers after a message that is a repeat', state('open'), message, { repeated: true }, 'overlapping'],
    ['does not deliver while it is unconfirmed', state('open', unconfirmed), alive, {}, 'open'],
    ['continues to overlap when it is open again', state('overlapping'), open, {}, 'overlapping'],
    ['stays settled when it is open again', state('settled'), open, { pending: 1 }, 'settled'],
    ['takes over at a message of its own', state('open'), message, { pending: 3 }, 'taken-over'],
    ['takes over at a message of its own, unconfirmed', state('open', unconfirmed), message, {}, 'taken-over'],
    ['waits for the overlap time after a repeat', state('overlapping'), message, { repeated: true }, 'overlapping'],
    ['takes over at the last repeat, once settled', state('settled'), message, { repeated: true }, 'taken-over'],
    ['waits for the last repeat', state('settled'), message, { repeated: true, pending: 1 }, 'settled'],
    ['does not take over twice', state('taken-over'), message, {}, 'taken-over'],
    ['ignores a message before it is open', opening, message, {}, 'opening'],
    ['is given up if it did not resume', opening, opens({ resumed: false }), {}, 'not-resumed'],
    ['is given up if its cursors are of another namespace', opening, opens({ namespace: 't' }), {}, 'not-resumed'],
    ['is given up if its cursors cannot be matched', opening, opens({ ownCursors: true }), {}, 'overflow'],
    ['is given up at a gap', state('overlapping'), gap, {}, 'failed'],
  ])('%s', (_, before, event, conditions, expected) => expect(after(before, event, conditions)).toBe(expected))
})

describe('after the overlap time', () => {
  test.each<[string, HandoverState, number, string]>([
    ['it takes over if nothing is left to repeat', state('overlapping'), 0, 'taken-over'],
    ['it waits for the repeats', state('overlapping'), 2, 'settled'],
    ['nothing changes once it has taken over', state('taken-over'), 0, 'taken-over'],
  ])('%s', (_, before, pending, expected) => expect(phase(afterOverlap(before, pending))).toBe(expected))
})
