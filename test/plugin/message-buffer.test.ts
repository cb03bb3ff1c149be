import { expect, test } from 'vitest'
import type { PushMessage } from 'pinia-push'
import { messageBuffer } from '../../src/plugin/message-buffer.ts'

/** Cursors are `<epoch><number>`: those of one epoch have an order. */
const ordered = {
  isAfter: (a: string, b: string) => (a[0] === b[0] ? Number(a.slice(1)) > Number(b.slice(1)) : undefined),
}
const unordered = { isAfter: () => undefined }

const message = (data: number, cursor?: string): PushMessage<number> => ({
  type: 'message',
  data,
  event: 'message',
  cursor,
})
const withOrder = (version?: (data: number) => number) => messageBuffer<number>(ordered, {}, () => version)
const withoutOrder = () => messageBuffer<number>(unordered, {}, () => undefined)
const data = (messages: readonly PushMessage<number>[]) => messages.map((one) => one.data)

test('take() returns the messages in order, once; messages that are put back come first', () => {
  const buffer = withOrder()
  for (const n of [1, 2]) buffer.add(message(n))
  expect(data(buffer.take())).toEqual([1, 2])
  expect(buffer.size).toBe(0)
  buffer.add(message(3))
  buffer.putBack([message(2)])
  expect(data(buffer.take())).toEqual([2, 3])
})

test('a state includes the messages up to its cursor', () => {
  const buffer = withOrder()
  expect(buffer.startAt({ cursor: 'a2' })).toBe(true)
  expect(['a1', 'a2', 'a3', 'a4'].map((cursor) => buffer.includes(message(0, cursor)))).toEqual([
    true,
    true,
    false,
    false,
  ])
})

test('a state without a position includes nothing', () => {
  const buffer = withOrder(() => 0)
  buffer.startAt({})
  expect([buffer.includes(message(1, 'a1')), buffer.isForeign(message(1, 'a1'))]).toEqual([false, false])
})

test('a state includes the messages up to its version', () => {
  const buffer = withOrder((n) => n)
  buffer.startAt({ version: 2 })
  expect([1, 2, 3].map((n) => buffer.includes(message(n)))).toEqual([true, true, false])
})

test('without an order of cursors, messages that wait are removed up to the one at the cursor', () => {
  const buffer = withoutOrder()
  for (const [index, cursor] of ['x', 'y', 'z'].entries()) buffer.add(message(index, cursor))
  expect(buffer.startAt({ cursor: 'y' })).toBe(true)
  expect(data(buffer.take())).toEqual([2])
})

test('a message from another epoch than the state is foreign; a state from another epoch is rejected', () => {
  const buffer = withOrder()
  buffer.startAt({ cursor: 'a2' })
  expect([buffer.isForeign(message(0, 'b1')), buffer.isForeign(message(0, 'a1'))]).toEqual([true, false])
  buffer.add(message(0, 'b1'))
  expect([buffer.startAt({ cursor: 'c1' }), buffer.startAt({ cursor: 'b1' })]).toEqual([false, true])
})

test('cursors without an order do not show different epochs', () => {
  const buffer = withoutOrder()
  buffer.startAt({ cursor: 'x' })
  expect(buffer.isForeign(message(0, 'y'))).toBe(false)
})

test('clear() forgets messages and position', () => {
  const buffer = withOrder((n) => n)
  buffer.startAt({ cursor: 'a2', version: 9 })
  buffer.add(message(1))
  buffer.clear()
  expect([buffer.size, buffer.includes(message(1, 'a1')), buffer.isForeign(message(1, 'b1'))]).toEqual([
    0,
    false,
    false,
  ])
})
