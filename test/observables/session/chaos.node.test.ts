import { describe, expect, onTestFinished, test } from 'vitest'
import { pageLifecycle, type PushEvent } from 'pinia-push/observables'
import { BehaviorSubject } from 'rxjs'
import { start, topic } from './start.ts'
import { waitFor } from '../../wait-for.ts'

/** A generator of numbers from 0 to 1, the same in every run. */
function numbers(seed: number) {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Notes what is wrong with the numbers that one reader gets: each is the last plus one, unless a gap came between. */
function verifier() {
  let last: number | undefined
  const faults: string[] = []
  return {
    faults,
    last: () => last,
    next(event: PushEvent<unknown>) {
      if (event.type === 'gap') last = undefined
      if (event.type === 'invalid') faults.push('invalid')
      if (event.type !== 'message') return
      const number = event.data as number
      if (last !== undefined && number !== last + 1) faults.push(`${number} after ${last}`)
      last = number
    },
  }
}

describe('topics, while the connection is cut at random and readers come and go', () => {
  test.each([
    ['acknowledges first', 1, {}],
    ['keeps a few messages', 2, { keeps: 3 }],
  ] as const)('lose, repeat and reorder nothing without a gap, on a server that %s', async (_, seed, options) => {
    const random = numbers(seed)
    const { json, push } = await start(options)
    const names = Array.from({ length: 20 }, (__, index) => `topic ${index}`)
    const stayers = names.map((name) => {
      const reader = verifier()
      push.channel(topic(name)).events$.subscribe(reader.next)
      return { name, ...reader }
    })
    const faults: string[][] = []
    const guests = new Set<() => void>()
    const visit = () => {
      const name = names[Math.floor(random() * 10)] ?? ''
      const reader = verifier()
      faults.push(reader.faults)
      const subscription = push
        .channel(topic(`${name}${random() < 0.5 ? '' : ' of guests'}`))
        .events$.subscribe(reader.next)
      const leave = () => {
        guests.delete(leave)
        subscription.unsubscribe()
      }
      guests.add(leave)
    }
    const counts = new Map<string, number>()
    const publish = (name: string) => {
      const number = (counts.get(name) ?? 0) + 1
      counts.set(name, number)
      json.publish(name, number)
    }
    let published = 0
    let cutAt = performance.now() + 50
    while (published < 5_000) {
      for (let burst = 0; burst < 10; burst++, published++) {
        const name = names[Math.floor(random() * names.length)] ?? ''
        publish(name)
        publish(`${name} of guests`)
      }
      if (random() < 0.3) visit()
      if (random() < 0.3) for (const leave of Array.from(guests)) if (random() < 0.5) leave()
      if (performance.now() > cutAt) {
        json.drop()
        cutAt = performance.now() + 20 + random() * 80
      }
      await wait(1)
    }
    // A gap may be the last event of a topic, so each gets one more message.
    await waitFor(() => {
      for (const { name } of stayers) expect(push.channel(topic(name)).status).toBe('open')
    })
    for (const { name } of stayers) publish(name)
    await waitFor(() => {
      for (const { name, last } of stayers) expect(last()).toBe(counts.get(name))
    })
    expect(stayers.flatMap((reader) => reader.faults)).toEqual([])
    expect(faults.flat()).toEqual([])
    expect(json.connections).toBeGreaterThan(5)
    expect(json.open).toBe(1)
  })

  test('pause and resume with the page, with nothing lost', async () => {
    const hidden$ = new BehaviorSubject(false)
    const none$ = new BehaviorSubject(false)
    const { json, read } = await start(
      {},
      {},
      {
        lifecycle: pageLifecycle({
          hiddenTimeout: 10,
          signals: { hidden$, offline$: none$, left$: none$, thawed$: new BehaviorSubject<unknown>(0) },
        }),
      },
    )
    const [a, b] = [read('a'), read('b')]
    await Promise.all([a.status('open'), b.status('open')])
    for (const name of ['a', 'b']) json.publish(name, 1)
    await Promise.all([a.sees(1), b.sees(1)])
    hidden$.next(true)
    await Promise.all([a.status('idle'), b.status('idle')])
    const late = read('late')
    expect(late.channel.status).toBe('idle')
    await waitFor(() => expect(json.open).toBe(0))
    for (const name of ['a', 'b']) json.publish(name, 2)
    hidden$.next(false)
    await Promise.all([a.sees(1, 2), b.sees(1, 2), late.status('open')])
    expect([...a.gaps(), ...b.gaps(), ...late.gaps()]).toEqual([])
  })
})

describe('many topics', () => {
  test('are left and joined 2,000 times, and leave nothing behind', { timeout: 30_000 }, async () => {
    const { json, read, push } = await start()
    const keeper = read('keeper')
    await keeper.status('open')
    for (let round = 0; round < 2_000; round++) {
      const reader = push.channel(topic(`topic ${round % 50}`)).events$.subscribe()
      if (round % 3 === 0) await wait(0)
      reader.unsubscribe()
    }
    json.publish('keeper', 1)
    await keeper.sees(1)
    await waitFor(() => {
      const subscribed = new Map<unknown, number>()
      for (const { op, topic: name } of json.frames)
        subscribed.set(name, (subscribed.get(name) ?? 0) + (op === 'subscribe' ? 1 : -1))
      subscribed.delete('keeper')
      expect([...subscribed.values()].every((left) => left === 0)).toBe(true)
    })
    expect(json.connections).toBe(1)
  })

  test('of one connection open, and a message of one costs the same as among few', async () => {
    const { json, read, push } = await start()
    const measured = read('measured')
    await measured.status('open')
    const batch = async (first: number) => {
      const began = performance.now()
      for (let n = 0; n < 500; n++) json.publish('measured', first + n)
      await waitFor(() => expect(measured.channel.last?.data).toBe(first + 499))
      return performance.now() - began
    }
    await batch(0)
    const few = Math.min(await batch(1_000), await batch(2_000), await batch(3_000))
    const readers = Array.from({ length: 10_000 }, (_, index) => push.channel(topic(`${index}`)).messages$.subscribe())
    onTestFinished(() => readers.forEach((reader) => reader.unsubscribe()))
    await waitFor(() => expect(push.channel(topic('9999')).status).toBe('open'))
    const many = Math.min(await batch(4_000), await batch(5_000), await batch(6_000))
    expect(many).toBeLessThan(few * 3 + 20)
    expect(json.connections).toBe(1)
  })
})
