import { expect, test } from 'vitest'
import { createPublishers } from '../../../src/hub/sessions/publishers.ts'
import type { Outcome } from '../../../src/hub/http/http-errors.ts'

const NAME = 'p'.repeat(32)
const ADDRESS = '10.0.0.1'

const published = (): Outcome => ({ subscribers: 0 })

function start() {
  let time = 0
  const publishers = createPublishers(() => time)
  return { publishers, advance: (ms: number) => void (time += ms) }
}

test('a message that is sent twice is attempted once, and both get its outcome', async () => {
  const { publishers } = start()
  const settles: ((outcome: Outcome) => void)[] = []
  const attempt = () => new Promise<Outcome>((resolve) => settles.push(resolve))
  const publisher = publishers.register(NAME, ADDRESS)
  const outcomes = [
    publisher.once(1, attempt),
    // The client may come back from another address.
    publishers.register(NAME, '10.0.0.2').once(1, attempt),
  ]
  expect(settles).toHaveLength(1)
  settles[0]?.({ status: 403, message: 'no' })
  outcomes.push(...(await Promise.all(outcomes)))
  outcomes.push(publisher.once(1, attempt))
  expect(settles).toHaveLength(1)
  expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => ({ status: 403, message: 'no' })))
})

test.for([
  ['at once', (outcome: Outcome) => outcome],
  ['later', (outcome: Outcome) => Promise.resolve(outcome)],
] as const)('a message that was temporarily rejected, %s, is attempted again', async ([, settled]) => {
  const { publishers } = start()
  const publisher = publishers.register(NAME, ADDRESS)
  const busy: Outcome = { status: 429, message: 'later', headers: { 'Retry-After': 1 } }
  expect(await publisher.once(1, () => settled(busy))).toEqual(busy)
  expect(await publisher.once(1, () => settled(published()))).toEqual(published())
})

test('forgets a publisher ten minutes after its last message', () => {
  const { publishers, advance } = start()
  const { memory, once } = publishers.register(NAME, ADDRESS)
  advance(599_999)
  void once(1, published)
  advance(599_999)
  publishers.prune()
  expect(publishers.register(NAME, ADDRESS).memory).toBe(memory)
  advance(600_000)
  publishers.prune()
  expect(publishers.register(NAME, ADDRESS).memory).not.toBe(memory)
})

test('does not publish a message whose outcome it has forgotten', () => {
  const { publishers } = start()
  const publisher = publishers.register(NAME, ADDRESS)
  for (let n = 0; n <= 10_000; n += 1) void publisher.once(n, published)
  expect(publisher.once(0, published)).toMatchObject({ status: 409 })
  expect(publisher.once(1, () => ({ status: 500, message: 'attempted again' }))).toEqual(published())
})

test('long replies use up the memory of a publisher sooner, and those of the last messages stay', () => {
  const { publishers } = start()
  const { once } = publishers.register(NAME, ADDRESS)
  // As many as a client has under way, and the longest reply that the hub takes.
  const reply = 'x'.repeat(16_384)
  for (let n = 0; n < 200; n += 1) void once(n, () => ({ subscribers: 0, reply }))
  expect(once(0, published)).toMatchObject({ status: 409 })
  for (let n = 168; n < 200; n += 1) expect(once(n, published)).toEqual({ subscribers: 0, reply })
})

test('a reply that comes later counts as one that is there at once', async () => {
  const { publishers } = start()
  const { once } = publishers.register(NAME, ADDRESS)
  const reply = 'x'.repeat(16_384)
  for (let n = 0; n < 200; n += 1) await once(n, async () => ({ subscribers: 0, reply }))
  expect(once(0, published)).toMatchObject({ status: 409 })
})

test('a key is refused for another content, also while its first attempt is pending', async () => {
  const { publishers } = start()
  const { once } = publishers.register(NAME, ADDRESS)
  let settle = (_outcome: Outcome) => {}
  const first = once('key', () => new Promise<Outcome>((resolve) => (settle = resolve)), 'content')
  expect(await once('key', published, 'other')).toMatchObject({ status: 422 })
  const again = once('key', () => ({ status: 500, message: 'attempted again' }), 'content')
  settle({ subscribers: 3 })
  expect(await Promise.all([first, again])).toEqual([{ subscribers: 3 }, { subscribers: 3 }])
})

/** Fills the memory of publishers from an address. */
function fill({ register }: ReturnType<typeof createPublishers>, address: string, count: number) {
  for (let each = 0; each < count; each += 1) {
    const { once } = register(`${address} ${each} `.padEnd(32, 'x'), address)
    for (let n = 0; n < 10_000; n += 1) void once(n, published)
  }
}

test('an address that uses up its memory forgets its own publishers, and gets a new name of the memory', () => {
  const { publishers } = start()
  const [own, other] = [publishers.register(NAME, ADDRESS), publishers.register('o'.repeat(32), '10.0.0.2')]
  fill(publishers, ADDRESS, 21)
  expect(publishers.register(NAME, ADDRESS).memory).not.toBe(own.memory)
  expect(publishers.register('o'.repeat(32), '10.0.0.2').memory).toBe(other.memory)
})

test('a publisher that is forgotten keeps no outcome but the last one, and repeats no message', () => {
  const { publishers } = start()
  const { once } = publishers.register(NAME, ADDRESS)
  void once(1, published)
  void once(2, published)
  fill(publishers, ADDRESS, 21)
  const again = () => ({ status: 500, message: 'attempted again' })
  // The session that holds it publishes further messages.
  expect(once(1, again)).toMatchObject({ status: 409 })
  expect(once(2, again)).toMatchObject({ status: 409 })
  expect(once(3, published)).toEqual(published())
  expect(once(4, published)).toEqual(published())
  expect(once(3, again)).toMatchObject({ status: 409 })
  expect(once(4, again)).toEqual(published())
})

test('names of publishers that send nothing are limited for each address too', () => {
  const { publishers } = start()
  const { memory } = publishers.register(NAME, ADDRESS)
  for (let n = 0; n < 30_000; n += 1) publishers.register(`${n} `.padEnd(32, 'x'), ADDRESS)
  expect(publishers.register(NAME, ADDRESS).memory).not.toBe(memory)
})

test('keeps a bounded number of outcomes of all addresses, and forgets those of the largest first', () => {
  const { publishers } = start()
  const { memory } = publishers.register(NAME, ADDRESS)
  fill(publishers, 'large', 19)
  const large = publishers.register('large 0 '.padEnd(32, 'x'), 'large').memory
  for (let address = 0; address < 7; address += 1) fill(publishers, `10.0.1.${address}`, 12)
  expect(publishers.register(NAME, ADDRESS).memory).toBe(memory)
  expect(publishers.register('large 1 '.padEnd(32, 'x'), 'large').memory).not.toBe(large)
  expect(
    publishers.register('10.0.1.0 0 '.padEnd(32, 'x'), '10.0.1.0').once(1, () => ({ status: 500, message: '' })),
  ).toEqual(published())
})
