import { connections } from './connections.ts'
import { fanOut } from './fan-out.ts'
import { flash } from './flash.ts'
import { memory } from './memory.ts'
import { nchan } from './nchan.ts'
import { store } from './store.ts'
import { storm } from './storm.ts'
import { techniques } from './techniques.ts'

/**
 * A measurement. It prints what it saw, and says whether that is what was promised. `parts`: which of its rows, by
 * name; none: all.
 */
export type Bench = (parts: readonly string[]) => Promise<boolean>

const BENCHES: Readonly<Record<string, Bench>> = {
  techniques,
  memory,
  connections,
  'fan-out': fanOut,
  flash,
  store,
  storm,
  nchan,
}

/** Runs some, or all, one after the other. A name is a bench, or a row of it: `techniques`, `techniques:sse`. */
export async function run(names: readonly string[]): Promise<boolean> {
  const asked = names.map((name) => name.split(':'))
  const unknown = asked.filter(([name = '']) => !Object.hasOwn(BENCHES, name))
  if (unknown.length > 0) {
    console.error(`no bench is called ${unknown.join(', ')}: there are ${Object.keys(BENCHES).join(', ')}`)
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
