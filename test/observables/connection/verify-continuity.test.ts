import { describe, expect, test } from 'vitest'
import type { Continuity, Position } from 'pinia-push/kit'
import {
  connectionCheck,
  cursorToRepeat,
  verifyContinuity,
} from '../../../src/observables/connection/verify-continuity.ts'

/** Cursors are a life of the server and a number: `a7`. Those of two lives have no order. */
const continuity: Continuity = {
  before: (cursor) => `${cursor[0]}${Number(cursor.slice(1)) - 1}`,
  compare: (a, b) => (a[0] === b[0] ? Number(a.slice(1)) - Number(b.slice(1)) : undefined),
  follows: (cursor, next) => Number(next.slice(1)) === Number(cursor.slice(1)) + 1,
}
const at7: Position = { namespace: 's', value: 'a7', opened: true }
const reporting: Position = { ...at7, reportsGaps: true }
const message = (cursor: string) => ({ type: 'message', event: 'message', data: '', cursor }) as const
const alive = (cursor: string) => ({ type: 'alive', cursor }) as const
const restarted = (cursor: string) => ({ type: 'alive', cursor, restarted: true }) as const

describe('if the last message must be repeated', () => {
  test.each<[string, Position, Parameters<typeof verifyContinuity>[2], ReturnType<typeof verifyContinuity>]>([
    ['an earlier message is a repeat, and the last one is still expected', at7, message('a6'), 'earlier'],
    ['the last message is a repeat', at7, message('a7'), 'last'],
    ['its cursor without the message is a repeat', at7, alive('a7'), 'last'],
    ['a later message follows a gap', at7, message('a8'), 'history-expired'],
    ['a message of another run of the server follows a gap', at7, message('b1'), 'unknown-cursor'],
    ['a later message is new if the server reports gaps', reporting, message('a8'), undefined],
    ['a message of another run is new if the server reports gaps', reporting, message('b1'), undefined],
    ['the last message is a repeat if the server reports gaps', reporting, message('a7'), 'last'],
    ['a new beginning at another cursor is not a repeat', at7, restarted('b1'), undefined],
    ['a new beginning at the same cursor follows a gap', at7, restarted('a7'), 'history-expired'],
    [
      'a new beginning is new if the channel is still at its beginning',
      { ...at7, atBeginning: true },
      restarted('a7'),
      undefined,
    ],
    ['a new beginning at the same cursor is new if the server reports gaps', reporting, restarted('a7'), undefined],
  ])('%s', (_, position, event, found) => expect(verifyContinuity(position, 'a7', event, continuity)).toBe(found))
})

describe('if no message must be repeated', () => {
  test.each<[string, Position, Parameters<typeof verifyContinuity>[2], ReturnType<typeof verifyContinuity>]>([
    ['the next message is new', at7, message('a8'), undefined],
    ['a message after the next one follows a gap', at7, message('a9'), 'history-expired'],
    ['any message is new if the server reports gaps', reporting, message('a9'), undefined],
    ['any message is new after one without a cursor', { ...at7, unplaced: true }, message('a9'), undefined],
    ['any message is new if there was no cursor', { ...at7, value: undefined }, message('a9'), undefined],
    ['a sign of life is new', at7, alive('a9'), undefined],
  ])('%s', (_, position, event, found) => expect(verifyContinuity(position, undefined, event, continuity)).toBe(found))
})

describe('the check of one connection', () => {
  test('expects the last message until it arrives', () => {
    const check = connectionCheck(continuity, 'a7')
    expect([check.next(at7, message('a6')), check.expectsRepeat]).toEqual(['repeat', true])
    expect([check.next(at7, message('a7')), check.expectsRepeat]).toEqual(['repeat', false])
    expect(check.next(at7, message('a8'))).toBeUndefined()
  })

  test('emits no second gap after one that the server reported without a cursor', () => {
    const check = connectionCheck(continuity, 'a7')
    check.gap(undefined)
    expect([check.expectsRepeat, check.next(at7, message('a9'))]).toEqual([false, undefined])
    expect(check.next({ ...at7, value: 'a9' }, message('a11'))).toBe('history-expired')
  })

  test('treats every message of a server without continuity as new', () =>
    expect(connectionCheck(undefined).next(at7, message('a9'))).toBeUndefined())
})

describe('the cursor that the next connection must repeat', () => {
  test.each<[string, Position, string | undefined]>([
    ['is the last one', at7, 'a7'],
    ['is none if there is no cursor', { ...at7, value: undefined }, undefined],
    ['is none if no request has a cursor', { ...at7, withheld: true }, undefined],
    ['is none if the server reports gaps', reporting, undefined],
  ])('%s', (_, position, expected) => expect(cursorToRepeat(position, continuity)).toBe(expected))
})
