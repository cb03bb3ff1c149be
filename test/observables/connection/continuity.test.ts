import { describe, expect, test } from 'vitest'
import type { Place } from 'pinia-push/observables'
import { advance, gapAt } from '../../../src/observables/connection/continuity.ts'

const nothing: Place = { space: 's', value: undefined, opened: false }
const begun: Place = { ...nothing, opened: true }
const placed: Place = { ...begun, value: '7' }

describe('what is owed where a connection opens, or the channel ends', () => {
  test.each<[string, Place, boolean, string | undefined]>([
    ['a channel that begins', nothing, false, undefined],
    [
      'one that begins from a cursor that was learnt elsewhere, and was resumed',
      { ...nothing, value: '7' },
      true,
      undefined,
    ],
    ['one that begins from a cursor, and was not', { ...nothing, value: '7' }, false, 'unproven'],
    ['one that was open and had no cursor', begun, false, 'unproven'],
    ['one that was resumed from its cursor', placed, true, undefined],
    ['one that was not', placed, false, 'unproven'],
    ['one that was resumed from before a message without a cursor', { ...placed, unplaced: true }, true, 'unproven'],
    ['one whose server lost the cursor', { ...begun, owed: 'expired' }, false, 'expired'],
    ['one whose server lost it before it was ever open', { ...nothing, owed: 'expired' }, false, 'expired'],
  ])('%s', (_, place, resumed, reason) => expect(gapAt(place, resumed)).toBe(reason))
})

describe('the place after an event', () => {
  const after = (place: Place, cursor: string | undefined, message: boolean) => {
    const moved = { ...place }
    advance(moved, cursor, message)
    return [moved.value, moved.unplaced ?? false]
  }

  test.each<[string, Place, string | undefined, boolean, [string | undefined, boolean]]>([
    ['a message with a cursor', placed, '8', true, ['8', false]],
    ['a message without one', placed, undefined, true, ['7', true]],
    ['a message with one after a message without', { ...placed, unplaced: true }, '9', true, ['9', false]],
    ['a message that takes the cursor back', placed, '', true, [undefined, false]],
    ['a message without one where there was none', begun, undefined, true, [undefined, false]],
    ['a sign of life', placed, undefined, false, ['7', false]],
    ['a sign of life with a cursor', placed, '8', false, ['8', false]],
    ['a sign of life after a message without a cursor', { ...placed, unplaced: true }, undefined, false, ['7', true]],
  ])('%s', (_, place, cursor, message, expected) => expect(after(place, cursor, message)).toEqual(expected))
})
