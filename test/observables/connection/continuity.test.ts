import { describe, expect, test } from 'vitest'
import type { Position } from 'pinia-push/kit'
import { advance, gapAt } from '../../../src/observables/connection/continuity.ts'

const nothing: Position = { namespace: 's', value: undefined, opened: false }
const begun: Position = { ...nothing, opened: true }
const placed: Position = { ...begun, value: '7' }

describe('the gap when a connection opens, or the channel ends', () => {
  test.each<[string, Position, boolean, string | undefined]>([
    ['a new channel', nothing, false, undefined],
    ['a channel with a given cursor, which was resumed', { ...nothing, value: '7' }, true, undefined],
    ['a channel with a given cursor, which was not resumed', { ...nothing, value: '7' }, false, 'not-resumed'],
    ['a channel that was open and had no cursor', begun, false, 'not-resumed'],
    ['a channel that was resumed from its cursor', placed, true, undefined],
    ['a channel that was not resumed from its cursor', placed, false, 'not-resumed'],
    [
      'a channel that was resumed from before a message without a cursor',
      { ...placed, unplaced: true },
      true,
      'not-resumed',
    ],
    ['a channel whose server lost the cursor', { ...begun, owed: 'history-expired' }, false, 'history-expired'],
    [
      'a channel whose server lost the cursor before it was ever open',
      { ...nothing, owed: 'history-expired' },
      false,
      'history-expired',
    ],
  ])('%s', (_, place, resumed, reason) => expect(gapAt(place, resumed)).toBe(reason))
})

describe('the position after an event', () => {
  const after = (place: Position, cursor: string | undefined, message: boolean) => {
    const moved = advance(place, { type: message ? 'message' : 'alive', cursor })
    return [moved.value, moved.unplaced ?? false]
  }

  test.each<[string, Position, string | undefined, boolean, [string | undefined, boolean]]>([
    ['a message with a cursor', placed, '8', true, ['8', false]],
    ['a message without one', placed, undefined, true, ['7', true]],
    ['a message with one after a message without', { ...placed, unplaced: true }, '9', true, ['9', false]],
    ['a message that clears the cursor', placed, '', true, [undefined, false]],
    ['a message without one if there was none', begun, undefined, true, [undefined, false]],
    ['a sign of life', placed, undefined, false, ['7', false]],
    ['a sign of life with a cursor', placed, '8', false, ['8', false]],
    ['a sign of life after a message without a cursor', { ...placed, unplaced: true }, undefined, false, ['7', true]],
  ])('%s', (_, place, cursor, message, expected) => expect(after(place, cursor, message)).toEqual(expected))
})
