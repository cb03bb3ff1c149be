import { expect, test } from 'vitest'
import { createPublishers } from '../../../src/hub/sessions/publishers.ts'
import type { Settle } from '../../../src/hub/connections/inbound-queue.ts'

const NAME = 'p'.repeat(32)

function start() {
  let time = 0
  const publishers = createPublishers(() => time)
  const outcomes: string[] = []
  const settle =
    (name: string): Settle =>
    (refusal) =>
      void outcomes.push(`${name} ${refusal?.status ?? 'published'}`)
  return { publishers, outcomes, settle, advance: (ms: number) => void (time += ms) }
}

test('a message that is sent twice is attempted once, and both get its outcome', () => {
  const { publishers, outcomes, settle } = start()
  const attempts: Settle[] = []
  const attempt = (settled: Settle) => void attempts.push(settled)
  const publisher = publishers.register(NAME)
  publisher.once(1, attempt, settle('first'))
  publishers.register(NAME).once(1, attempt, settle('second'))
  expect(attempts).toHaveLength(1)
  attempts[0]?.({ status: 403, message: 'no' })
  publisher.once(1, attempt, settle('third'))
  expect(attempts).toHaveLength(1)
  expect(outcomes).toEqual(['first 403', 'second 403', 'third 403'])
})

test('a message that was refused for now is attempted again', () => {
  const { publishers, outcomes, settle } = start()
  const publisher = publishers.register(NAME)
  publisher.once(1, (settled) => settled({ status: 429, message: 'later', headers: { 'Retry-After': 1 } }), settle('a'))
  publisher.once(1, (settled) => settled(undefined), settle('b'))
  expect(outcomes).toEqual(['a 429', 'b published'])
})

test('forgets a publisher ten minutes after its last message', () => {
  const { publishers, advance } = start()
  const { memory, once } = publishers.register(NAME)
  advance(599_999)
  once(
    1,
    (settled) => settled(undefined),
    () => {},
  )
  advance(599_999)
  publishers.prune()
  expect(publishers.register(NAME).memory).toBe(memory)
  advance(600_000)
  publishers.prune()
  expect(publishers.register(NAME).memory).not.toBe(memory)
})

test('does not publish a message whose outcome it has forgotten', () => {
  const { publishers, outcomes, settle } = start()
  const publisher = publishers.register(NAME)
  for (let n = 0; n <= 10_000; n += 1)
    publisher.once(
      n,
      (settled) => settled(undefined),
      () => {},
    )
  publisher.once(0, (settled) => settled(undefined), settle('the oldest'))
  publisher.once(1, () => {}, settle('the next'))
  expect(outcomes).toEqual(['the oldest 409', 'the next published'])
})

test('keeps a bounded number of outcomes of all publishers, and names the memory anew for one that is forgotten', () => {
  const { publishers } = start()
  const { memory } = publishers.register(NAME)
  for (let each = 0; each < 101; each += 1) {
    const { once } = publishers.register(`${each} `.padEnd(32, 'x'))
    for (let n = 0; n < 10_000; n += 1)
      once(
        n,
        (settled) => settled(undefined),
        () => {},
      )
  }
  expect(publishers.register(NAME).memory).not.toBe(memory)
})
