import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Brings a wait about that nobody ends, and tells what has become of it. */
export type Driver<C> = (clock: C) => (() => unknown) | Promise<() => unknown>

interface Row {
  wait: string
  /** In ms. */
  least: number
  most: number
  outcome: string
  /** The test that drives it, where a host is needed that is not here. */
  elsewhere: { file: string; title: string } | undefined
}

/** What a wait without a limit is watched for, in ms. */
const FOR_EVER = 1e8

/** How long the network may take, on a busy machine, in ms. */
const LONG = 60_000

/** The rows of a table of waits in ARCHITECTURE.md: wait, limit (`<ms>`, `<ms> to <ms>` or `Infinity`), option, outcome. */
function rowsUnder(heading: string): Row[] {
  const section = readFileSync('ARCHITECTURE.md', 'utf8').split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (wait|---)/.test(line))
    .map((line) => {
      const [, wait = '', limit = '', , then = ''] = line.split('|').map((cell) => cell.trim())
      const [least = Number.NaN, most = least] = limit.split(' to ').map(Number)
      const [, file, title] = /\(`(test\/\S+)`: "(.+)"\)/.exec(then) ?? []
      return {
        wait,
        least,
        most,
        outcome: /`(.+?)`/.exec(then)?.[1] ?? '',
        elsewhere: file !== undefined && title !== undefined ? { file, title } : undefined,
      }
    })
}

/** Lets what is under way in this process arrive: no time of the test's clock passes. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** What is seen once this has arrived, or after a long time. `expect.poll` would let time of the test's clock pass. */
async function arrives(seen: () => unknown, outcome: string): Promise<unknown> {
  const deadline = performance.now() + LONG
  let last = await seen()
  while (last !== outcome && performance.now() < deadline) {
    await settle()
    last = await seen()
  }
  return last
}

/** Drives each wait of a table to its limit: until then its outcome is not seen, and then it is. */
export function walkWaits<C extends { advance(ms: number): void }>(
  heading: string,
  drivers: Readonly<Record<string, Driver<C>>>,
  clockOf: () => C,
): void {
  const rows = rowsUnder(heading)

  test('every wait is in the table, and each is driven', () => {
    expect(rows.filter(({ elsewhere }) => !elsewhere).map(({ wait }) => wait)).toEqual(Object.keys(drivers))
  })

  test.for(rows.flatMap(({ wait, elsewhere }) => (elsewhere ? [{ wait, ...elsewhere }] : [])))(
    '$wait: is driven by $file',
    ({ file, title }) => {
      expect(readFileSync(file, 'utf8')).toContain(title)
    },
  )

  const driven = rows.filter(({ elsewhere }) => !elsewhere)
  const begin = async (wait: string) => {
    const drive = drivers[wait]
    if (!drive) throw new Error(`nothing drives "${wait}"`)
    const clock = clockOf()
    return { clock, seen: await drive(clock) }
  }

  test.for(driven.filter(({ least }) => least < Infinity))('$wait', async ({ wait, least, most, outcome }) => {
    const { clock, seen } = await begin(wait)
    clock.advance(least - 1)
    await settle()
    expect(await seen()).not.toBe(outcome)
    clock.advance(most - least + 1)
    expect(await arrives(seen, outcome)).toBe(outcome)
  })

  test.for(driven.filter(({ least }) => least === Infinity))('$wait: for ever', async ({ wait, outcome }) => {
    const { clock, seen } = await begin(wait)
    clock.advance(FOR_EVER)
    await settle()
    expect(await seen()).toBe(outcome)
  })
}
