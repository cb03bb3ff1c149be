import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collectBytes } from '../../../src/hub/connections/collect-bytes.ts'
import { InboundBudget, type InboundAccount } from '../../../src/hub/connections/inbound-budget.ts'
import { OutboundBudget } from '../../../src/hub/connections/outbound-budget.ts'
import { createStallWatch } from '../../../src/hub/connections/stall-watch.ts'

const MOST = 1_000
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
const client = fc.nat(5)
const address = fc.constantFrom(...ADDRESSES)

test('for any sequence of sent and closed messages, exactly the bytes in memory count, and all room is released', () => {
  let refused = 0
  let givenUp = 0
  const act = fc.oneof(
    fc.record({ type: fc.constant('enter' as const), client, address }),
    fc.record({
      type: fc.constantFrom('add' as const, 'hold' as const),
      client,
      bytes: fc.integer({ min: 0, max: 600 }),
    }),
    fc.record({ type: fc.constant('release' as const), client, bytes: fc.nat(600) }),
    fc.record({ type: fc.constantFrom('clear' as const, 'close' as const, 'destroy' as const), client }),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 100, size: 'max' }), (acts) => {
      const stalls = createStallWatch(1e6)
      const inbound = new InboundBudget(MOST, stalls)
      const present = new Map<number, InboundAccount>()
      const all: InboundAccount[] = []
      const leave = (account: InboundAccount) => {
        account.close()
        // What it holds is decided in the end.
        account.release(account.size)
      }
      for (const each of acts) {
        const account = present.get(each.client)
        if (each.type === 'enter') {
          if (account) leave(account)
          const entered = inbound.open(each.address, () => (givenUp += 1))
          present.set(each.client, entered)
          all.push(entered)
        } else if (each.type === 'add' || each.type === 'hold') {
          if (account && !account[each.type](each.bytes)) refused += account.size === 0 ? 1 : Number.NaN
        } else if (each.type === 'release') account?.release(each.bytes)
        else account?.[each.type]()
        expect(all.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(MOST)
      }
      for (const account of present.values()) leave(account)
      expect(all.map(({ size }) => size)).toEqual(all.map(() => 0))
      const last = inbound.open('192.0.2.9', () => {})
      expect(last.add(MOST)).toBe(true)
      last.close()
    }),
    { numRuns: 500 },
  )
  expect(Math.min(refused, givenUp)).toBeGreaterThan(100)
})

test('a message that is dropped for others is not kept', () => {
  const inbound = new InboundBudget(MOST, createStallWatch(1e6))
  const large = inbound.open('192.0.2.1', () => {})
  const kept = collectBytes(() => MOST, large)
  expect(kept.add(new Uint8Array(900))).toBeUndefined()
  const small = inbound.open('192.0.2.2', () => {})
  expect(small.add(600)).toBe(true)
  expect([kept.length, kept.add(new Uint8Array(1))]).toEqual([0, 'no-room'])
  large.close()
  small.close()
})

test('the address that sent most makes room, also if its messages are small', () => {
  const inbound = new InboundBudget(MOST, createStallWatch(1e6))
  const cut: string[] = []
  const enter = (from: string, bytes: number) => {
    const account = inbound.open(from, () => cut.push(from))
    account.add(bytes)
    return account
  }
  const many = Array.from({ length: 9 }, () => enter('192.0.2.1', 100))
  const honest = enter('192.0.2.2', 500)
  expect([cut.length, new Set(cut), honest.size]).toEqual([4, new Set(['192.0.2.1']), 500])
  for (const account of [...many, honest]) account.close()
})

test('for any sequence of queued messages, each message counts once, and all room is released', () => {
  let cut = 0
  const sizes = [10, 100, 300, 500]
  const act = fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant('hold' as const), client, message: fc.nat(9) }) },
    fc.record({ type: fc.constantFrom('release' as const, 'destroy' as const), client }),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 100, size: 'max' }), (acts) => {
      const outbound = new OutboundBudget(MOST)
      const messages = Array.from({ length: 10 }, (_, n) => Buffer.alloc(sizes[n % sizes.length] ?? 0))
      const queues = Array.from({ length: 6 }, (_, n) => {
        const from = ADDRESSES[n % ADDRESSES.length] ?? ''
        const held: Buffer[] = []
        const shift = () => {
          const first = held.shift()
          if (!first) return
          outbound.release(from, first)
          if (held.length === 0) outbound.remove(from, backlog)
        }
        const backlog = {
          get size() {
            return held.reduce((sum, { length }) => sum + length, 0)
          },
          destroy() {
            cut += 1
            while (held.length > 0) shift()
          },
        }
        return {
          held,
          shift,
          backlog,
          hold(message: Buffer) {
            held.push(message)
            outbound.hold(from, backlog, message)
          },
        }
      })
      for (const each of acts) {
        const queue = queues[each.client]
        if (each.type === 'hold') queue?.hold(messages[each.message] ?? Buffer.alloc(0))
        else if (each.type === 'release') queue?.shift()
        else queue?.backlog.destroy()
        const unique = new Set(queues.flatMap(({ held }) => held))
        expect([...unique].reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(MOST)
      }
      cut = 0
      for (const { backlog } of queues) backlog.destroy()
      const before = cut
      const late = queues[0]
      late?.hold(Buffer.alloc(MOST - 64))
      expect([cut, late?.held.length]).toEqual([before, 1])
    }),
    { numRuns: 500 },
  )
})

test('the address for which most waits makes room, also for a message of another that is larger than any of its own', () => {
  const outbound = new OutboundBudget(MOST)
  const cut: string[] = []
  const enter = (name: string, from: string, bytes: number) => {
    const message = Buffer.alloc(bytes)
    const backlog = {
      size: bytes,
      destroy() {
        cut.push(name)
        outbound.release(from, message)
        outbound.remove(from, backlog)
      },
    }
    outbound.hold(from, backlog, message)
  }
  for (let n = 0; n < 5; n += 1) enter(`hostile${n}`, '192.0.2.1', 100)
  enter('honest', '192.0.2.2', 400)
  expect(cut).toEqual(['hostile0', 'hostile1', 'hostile2'].slice(0, cut.length))
  expect(cut.length).toBeGreaterThan(0)
})
