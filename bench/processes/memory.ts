import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What this process holds after all that could go has gone, in bytes. */
export async function memory(): Promise<{ rss: number; heap: number; external: number }> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // What a collection frees may let go of more; and V8 gives pages back a little later.
  for (let turn = 0; turn < 4; turn += 1) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed, external }
}
