import { channels } from './channels.ts'
import { connections } from './connections.ts'
import { fanOut } from './fan-out.ts'
import { flash } from './flash.ts'
import { memory } from './memory.ts'
import { nchan } from './nchan.ts'
import { restart } from './restart.ts'
import { store } from './store.ts'
import { storm } from './storm.ts'
import { batch, techniques } from './techniques.ts'

/**
 * A measurement. It prints its results, and resolves with whether the promise is kept. `parts`: the names of the rows to
 * measure; empty: all.
 */
export type Bench = (parts: readonly string[]) => Promise<boolean>

const BENCHES: Readonly<Record<string, Bench>> = {
  techniques,
  batch,
  channels,
  memory,
  connections,
  'fan-out': fanOut,
  flash,
  restart,
  store,
  storm,
  nchan,
}

/** Runs some measurements, or all, in sequence. A name is a measurement or one of its rows: `techniques`, `techniques:sse`. */
export async function run(names: readonly string[]): Promise<boolean> {
  const asked = names.map((name) => name.split(':'))
  const unknown = asked.filter(([name = '']) => !Object.hasOwn(BENCHES, name))
  if (unknown.length > 0) {
    console.error(`Unknown measurement "${unknown.join(', ')}". Use one of ${Object.keys(BENCHES).join(', ')}.`)
    return false
  }
  let kept = true
  for (const [name, bench] of Object.entries(BENCHES)) {
    const own = asked.filter(([bench]) => bench === name)
    if (asked.length > 0 && own.length === 0) continue
    console.log(`\n# ${name}\n`)
    kept = (await bench(own.flatMap(([, ...parts]) => parts))) && kept
  }
  return kept
}
