import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPublisher, honestReaders } from './honest.ts'
import { buildPrograms, type Programs } from './processes.ts'

/** Lives of the hub, and messages in each. */
const LIVES = 4
const MESSAGES = 150
/** Nothing takes so long, in ms, but what hangs. */
const HANGS = 300_000

let programs: Programs
beforeAll(async () => void (programs = await buildPrograms()))
afterAll(() => programs.stop())

/** Messages that a subscriber must not receive: a repeated or late one, or one after missing messages without a gap. */
function silentFaults(received: readonly (number | 'gap')[]): string[] {
  const faults: string[] = []
  let last = -1
  let gap = false
  for (const one of received) {
    if (one === 'gap') gap = true
    else {
      if (one <= last) faults.push(`${one} after ${last}`)
      else if (one > last + 1 && !gap) faults.push(`${one} after ${last} without a gap`)
      last = one
      gap = false
    }
  }
  return faults
}

test(
  'a hub that is killed while it publishes and started again sends a gap for all missing messages, and none twice',
  { timeout: 3 * HANGS },
  async () => {
    const first = programs.start('bin', ['hub', '--port', '0', '--tcp-port', '0'])
    const port = Number((await first.says(/hub on http:\/\/127\.0\.0\.1:(\d+)/))[1])
    const tcpPort = Number((await first.says(/TCP: port (\d+)/))[1])
    const url = `http://127.0.0.1:${port}/push/`
    const readers = honestReaders(url, tcpPort, 'news')
    await Promise.all(readers.map(({ opened }) => opened))

    let hub = first
    let n = 0
    for (let life = 1; life < LIVES; life += 1) {
      const { publish, leave } = createPublisher(url)
      for (let count = 1; count < MESSAGES; count += 1) await publish('news', String(n++))
      // This one may have no response, so it is not known whether a subscriber receives it.
      const published = publish('news', String(n++))
      hub.child.kill('SIGKILL')
      await published.catch(() => {})
      leave()
      hub = programs.start('bin', ['hub', '--port', String(port), '--tcp-port', String(tcpPort)])
      await hub.says(/publish:/)
    }
    const { publish, leave: done } = createPublisher(url)
    const behind = (from: number) =>
      readers.filter(({ received }) => !(Number(received.at(-1)) >= from)).map(({ name }) => name)
    const inLastLife = n
    // A subscriber that missed messages receives a gap when it resumes, and nothing more until the next message.
    const untilAllAreBack = async () => {
      await publish('news', String(n++))
      return behind(inLastLife)
    }
    await expect.poll(untilAllAreBack, { timeout: HANGS }).toEqual([])
    await publish('news', String(n++))
    await expect.poll(() => behind(n - 1), { timeout: HANGS }).toEqual([])
    done()
    for (const { name, received, wrong, leave } of readers) {
      leave()
      expect([name, wrong, silentFaults(received)]).toEqual([name, [], []])
    }
    const gaps = readers.map(({ received }) => received.filter((one) => one === 'gap').length)
    const missed = readers.map(({ received }) => n - received.filter((one) => one !== 'gap').length)
    console.log(`killed ${LIVES - 1} times: ${n} messages; gaps ${gaps.join(', ')}; missed ${missed.join(', ')}`)
  },
)
