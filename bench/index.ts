import { connections } from './connections.ts'
import { fanOut } from './fan-out.ts'
import { memory } from './memory.ts'
import { techniques } from './techniques.ts'

/** A measurement. It prints what it saw, and says whether that is what was promised. */
export type Bench = () => Promise<boolean>

const BENCHES: Readonly<Record<string, Bench>> = { techniques, connections, 'fan-out': fanOut, memory }

/** Runs some, or all, one after the other. */
export async function run(names: readonly string[]): Promise<boolean> {
  const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name))
  if (unknown.length > 0) {
    console.error(`no bench is called ${unknown.join(', ')}: there are ${Object.keys(BENCHES).join(', ')}`)
    return false
  }
  let kept = true
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue
    console.log(`\n# ${name}\n`)
    kept = (await bench()) && kept
  }
  return kept
}
