import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { obey } from '../../../servers/remote.ts'

/**
 * Loaded before the program of a process (`node --import`): its parent can ask what it holds, whatever it runs.
 * That an unhandled rejection or an uncaught exception ends it is Node's own default.
 */
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const orders = {
  /** What the process holds, without garbage. */
  async measure() {
    // What one collection frees may let go of more in the turns that follow.
    for (let turn = 0; turn < 4; turn += 1) {
      collect()
      await new Promise(setImmediate)
    }
    const { rss, heapUsed, external } = process.memoryUsage()
    const resources: Record<string, number> = {}
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
    return {
      /** In bytes: all objects and buffers. */
      memory: heapUsed + external,
      /** In bytes. */
      rss,
      descriptors: readdirSync('/proc/self/fd').length,
      /** Sockets and timers, counted by kind. */
      resources,
    }
  },
}
export type MeasureOrders = typeof orders
export type Measure = Awaited<ReturnType<typeof orders.measure>>

obey(orders)
