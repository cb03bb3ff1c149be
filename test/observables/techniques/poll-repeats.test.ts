import { describe, expect, test } from 'vitest'
import type { SourceEvent } from 'pinia-push/kit'
import { pollRepeats } from '../../../src/observables/techniques/poll-repeats.ts'

const message = (data: string | Uint8Array, cursor: string | undefined): SourceEvent => ({
  type: 'message',
  data,
  event: 'message',
  cursor,
})
const alive = (cursor: string | undefined, restarted = false): SourceEvent => ({ type: 'alive', cursor, restarted })
const gap: SourceEvent = { type: 'gap', reason: 'history-expired' }

/** Orders numbers; a word belongs to another life of the server. */
const compare = (a: string, b: string) => (Number.isNaN(Number(a) - Number(b)) ? undefined : Number(a) - Number(b))

describe('a response to a request with the cursor 5', () => {
  test.for<[string, SourceEvent, SourceEvent | undefined]>([
    ['drops an earlier message', message('a', '4'), undefined],
    ['drops the last message', message('a', '5'), undefined],
    ['keeps a later message', message('a', '6'), message('a', '6')],
    ['keeps a message of another run of the server', message('a', 'other'), message('a', 'other')],
    ['keeps a message without a cursor', message('a', undefined), message('a', undefined)],
    ['keeps a later cursor', alive('6'), alive('6')],
    ['drops an earlier cursor', alive('4'), alive(undefined)],
    ['drops a cursor of another run of the server', alive('other'), alive(undefined)],
    ['keeps an earlier cursor if the channel was restarted', alive('4', true), alive('4', true)],
    ['keeps a gap', gap, gap],
  ])('%s', ([, event, expected]) => {
    expect(pollRepeats({ compare })('5', false)(event)).toEqual(expected)
  })

  test('keeps earlier messages after a gap', () => {
    const filter = pollRepeats({ compare })('5', false)
    expect([gap, message('a', '1')].map(filter)).toEqual([gap, message('a', '1')])
  })

  test('drops the message with the same cursor if cursors have no order', () => {
    const filter = pollRepeats({ compare: undefined })('5', false)
    expect([message('a', '5'), message('b', '4')].map(filter)).toEqual([undefined, message('b', '4')])
  })
})

test('the first response keeps everything', () => {
  expect(pollRepeats({ compare })(undefined, false)(message('a', '1'))).toEqual(message('a', '1'))
})

describe('a sampled state', () => {
  test.for([
    ['text', 'one', 'one', 'two'],
    ['bytes', new Uint8Array([1, 2]), new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ] as const)('with the same %s as the last one only moves the cursor', ([, first, same, other]) => {
    const repeats = pollRepeats({ compare: undefined })
    expect(repeats(undefined, true)(message(first, 'a'))).toEqual(message(first, 'a'))
    expect(repeats('a', true)(message(same, 'b'))).toEqual({ type: 'alive', cursor: 'b' })
    expect(repeats('b', true)(message(other, 'b'))).toEqual(message(other, 'b'))
  })
})
