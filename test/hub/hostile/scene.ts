import type { ExpectStatic } from 'vitest'
import { CHANNELS } from './attacks/words.ts'
import type { ONLY } from './attacks/index.ts'
import { createPublisher, honestReaders } from './honest.ts'
import type { Programs } from './processes.ts'
import type { Measure, MeasureOrders } from './processes/measure.ts'
import type { AttackersOrders } from './processes/attackers.ts'
import type { Doors } from './attackers.ts'

export const HUBS = {
  'npx pinia-push hub': { program: 'bin', args: ['hub', '--port', '0', '--tcp-port', '0', '--history', '100000'] },
  'a hub that listens': { program: 'hub', args: ['listens'] },
  'a hub in an application’s own server': { program: 'hub', args: ['mounted'] },
} as const

export const MEGABYTE = 1_048_576
/**
 * What a hub may hold more after a run than after its warm-up, in bytes: three times the most by which it differed in
 * runs of all lengths, 1.3 MiB, which is code that was compiled late and lists that Node never shrinks. A leak of
 * 100 bytes an action would be 10 MB in the whole run.
 */
const FLAT = 4 * MEGABYTE
/** Publishes a part of the messages during each part of the actions. */
const STEPS = 20

export interface SceneOptions {
  programs: Programs
  name: keyof typeof HUBS
  expect: ExpectStatic
  /** The same seed does the same deeds, though not in the same turns. */
  seed: number
  /** After what time a wait is one for ever, in ms. */
  patience: number
}

/** One hub in a process of its own, attackers in another, and readers in this one. */
export async function scene({ programs, name, expect, seed, patience }: SceneOptions) {
  const { program, args } = HUBS[name]
  const attackers = programs.start<AttackersOrders>('attackers')
  const targets = await attackers.tell.targets()
  // The command line gives a hub neither `authorize` nor tunnels.
  const own = program === 'hub'
  const measured = ['--import', programs.path('measure')]
  const hub = programs.start<MeasureOrders>(program, own ? [...args, JSON.stringify(targets)] : args, measured)
  const port = Number((await hub.says(/hub on http:\/\/127\.0\.0\.1:(\d+)/))[1])
  const tcpPort = Number((await hub.says(/TCP: port (\d+)/))[1])
  const http2Port = Number(/HTTP\/2: port (\d+)/.exec(hub.said())?.[1]) || undefined
  const doors: Doors = { port, tcpPort, http2Port, odd: own, tunnels: own ? Object.keys(targets) : [] }
  await attackers.tell.begin(doors, seed)
  const url = `http://127.0.0.1:${port}/push/`
  const { publish, heartbeat, end, leave } = createPublisher(url)
  const fresh = await hub.tell.measure()

  /** What the hub holds when no connection and no timer is left, and memory is not above this, in bytes. */
  const settled = async (most = Infinity): Promise<Measure> => {
    for (const channel of CHANNELS) await end(channel)
    // A heartbeat drops messages that were kept for late subscribers.
    await heartbeat()
    leave()
    let last = fresh
    const left = async () => {
      last = await hub.tell.measure()
      const { TCPSocketWrap = 0, Timeout = 0 } = last.resources
      return { sockets: TCPSocketWrap, timers: Timeout, excess: Math.max(0, last.memory - most) }
    }
    const nothing = { sockets: 0, timers: fresh.resources['Timeout'] ?? 0, excess: 0 }
    await expect.poll(left, { timeout: patience, interval: 200 }).toEqual(nothing)
    return last
  }

  return {
    /** Attackers do so much of one kind, then leave. */
    async only(kind: keyof typeof ONLY, actions: number) {
      const { [kind]: done = 0 } = await attackers.tell.attack(actions, kind)
      await attackers.tell.leave()
      return { done, measures: [] }
    },

    /** Runs attacks while subscribers receive messages, then all leave. */
    async round(channel: string, actions: number, messages: number) {
      const readers = honestReaders(url, tcpPort, channel)
      await Promise.all(readers.map(({ opened }) => opened))
      // A tenth says nothing, all at one time.
      const counts = await attackers.tell.attack(actions / 10, 'idle')
      const crowded = await hub.tell.measure()
      for (let step = 0; step < STEPS; step += 1) {
        const attack = attackers.tell.attack((0.9 * actions) / STEPS)
        for (let n = (step * messages) / STEPS; n < ((step + 1) * messages) / STEPS; n += 1)
          await publish(channel, String(n))
        for (const [kind, count] of Object.entries(await attack)) counts[kind] = (counts[kind] ?? 0) + count
      }
      const received = () => readers.map((reader) => reader.received.length)
      await expect.poll(received, { timeout: patience }).toEqual(readers.map(() => messages))
      const atTheEnd = await hub.tell.measure()
      await attackers.tell.leave()
      for (const { name: reader, received, wrong, leave: stop } of readers) {
        expect([reader, wrong, received]).toEqual([reader, [], Array.from({ length: messages }, (_, n) => n)])
        stop()
      }
      await end(channel)
      const done = Object.values(counts).reduce((sum, count) => sum + count, 0)
      return { done, counts, measures: [crowded, atTheEnd] }
    },

    /**
     * Does something to a hub that is warm, and demands that it lives on and holds no more than before. Returns what it
     * held, in words.
     */
    async stays<Did extends { measures: readonly Measure[] }>(warmUp: () => Promise<unknown>, act: () => Promise<Did>) {
      try {
        await warmUp()
        const before = await settled()
        const did = await act()
        const after = await settled(before.memory + FLAT)
        expect(after.descriptors).toBe(before.descriptors)
        expect(hub.said()).not.toMatch(/warning/i)
        hub.child.kill()
        const measures = [before, ...did.measures, after]
        const each = (of: (measure: Measure) => number) => measures.map(of).join(' → ')
        const mebibytes = (bytes: number) => Number((bytes / MEGABYTE).toFixed(1))
        const words =
          `memory ${each(({ memory }) => mebibytes(memory))} MiB, resident ${each(({ rss }) => mebibytes(rss))} MiB, ` +
          `descriptors ${each(({ descriptors }) => descriptors)}`
        return { did, words }
      } catch (error) {
        throw new Error(`Seed ${seed}: ${String(error)}\nThe hub wrote: ${hub.said().slice(-4_000)}`, { cause: error })
      }
    },
  }
}
