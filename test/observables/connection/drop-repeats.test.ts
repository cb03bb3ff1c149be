import { describe, expect, test } from 'vitest'
import { recentMessages } from '../../../src/observables/connection/drop-repeats.ts'

/** Messages as `cursor`, `cursor=data` or `cursor=data=event`; the data is derived from the cursor if it is absent. */
const message = (text: string) => {
  const [cursor = '', data = `data of ${text}`, event = 'message'] = text.split('=')
  return { type: 'message', event, cursor, data } as const
}

/** Judges the messages of a new connection that resumes after the last message of the one before. */
function judge(before: readonly string[], then: readonly string[], last = before.at(-1)?.split('=')[0] ?? '') {
  const recent = recentMessages()
  for (const text of before) recent.add(message(text))
  const repetition = recent.repetition(last)
  return then.map((text) => repetition(message(text)))
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => String(from + at))

describe('after a request with a cursor', () => {
  test.each<[string, string[], string[], string[]]>([
    ['unknown messages are new', ['1', '2'], ['3', '4'], ['new', 'new']],
    ['all messages again are repeats, up to the cursor', ['1', '2'], ['1', '2', '3'], ['repeat', 'repeat', 'new']],
    ['the current state again is a repeat', ['1', '2'], ['2', '3'], ['repeat', 'new']],
    ['a known cursor with other data is one gap', ['1', '2'], ['1=other', '2=other'], ['gap', 'new']],
    ['the same id and data with another event is a gap', ['1=42=added'], ['1=42=removed', '2'], ['gap', 'new']],
    ['the same event again is a repeat', ['1=42=added'], ['1=42=added', '2'], ['repeat', 'new']],
    ['a known message after a new one is one gap', ['2', '3'], ['1', '2', '3', '4'], ['new', 'gap', 'new', 'new']],
    ['a cursor that several messages had is a gap', ['1=a', '1=b'], ['1=b', '2'], ['gap', 'new']],
    ['a second repeat of the last message is new', ['1'], ['1', '1'], ['repeat', 'new']],
  ])('%s', (_, before, then, expected) => expect(judge(before, then)).toEqual(expected))

  test('a message after the cursor that was not delivered is new', () =>
    expect(judge(['1', '2', '3'], ['2', '3'], '1')).toEqual(['new', 'new']))

  test('messages from before a gap are forgotten', () => {
    const recent = recentMessages()
    recent.add(message('1'))
    recent.add(message('2'))
    expect(recent.repetition('2')(message('1=other'))).toBe('gap')
    recent.add(message('1=other'))
    const repetition = recent.repetition('1')
    expect(['1=other', '2'].map((text) => repetition(message(text)))).toEqual(['repeat', 'new'])
  })

  test('all messages are new if the cursor is unknown', () =>
    expect(judge(['1', '2'], ['1', '2'], '9')).toEqual(['new', 'new']))

  test('a cursor without a message counts', () => {
    const recent = recentMessages()
    recent.add(message('1'))
    recent.add({ cursor: '2' })
    const repetition = recent.repetition('2')
    expect(['1', '3'].map((text) => repetition(message(text)))).toEqual(['repeat', 'new'])
  })

  test('a thousand messages are remembered: if more are repeated, there is a gap', () => {
    const verdicts = judge(range(0, 1_500), range(0, 1_501))
    expect(verdicts.slice(0, 500).every((verdict) => verdict === 'new')).toBe(true)
    expect(verdicts.filter((verdict) => verdict === 'gap')).toHaveLength(1)
    expect(verdicts.at(-1)).toBe('new')
  })

  test('one mebibyte is remembered, and always the last message', () => {
    const large = 'x'.repeat(600_000)
    const two = [`1=${large}`, `2=${large}`]
    expect(judge(two, [`2=${large}`])).toEqual(['repeat'])
    expect(judge(two, [`1=${large}`])).toEqual(['new'])
  })
})
