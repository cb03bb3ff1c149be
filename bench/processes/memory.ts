import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Returns the memory of this process after garbage collection, in bytes. */
export async function memory(): Promise<{ rss: number; heap: number; external: number }> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // A collection may make more objects unreachable, and V8 returns pages a little later.
  for (let turn = 0; turn < 4; turn += 1) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed, external }
}
