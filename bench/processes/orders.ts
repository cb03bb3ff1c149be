import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a process can be told to do, by name. */
export type Orders = Readonly<Record<string, (...args: never[]) => unknown>>

export interface Order {
  readonly name: string
  readonly args: never[]
}

/** What became of an order. */
export type Report = { readonly value: unknown } | { readonly error: string }

/** In a measured process: does what its parent says, one order after the other, and ends with it. */
export function obey(orders: Orders): void {
  const report = (answer: Report) => void process.send?.(answer)
  const act = async ({ name, args }: Order) => orders[name]?.(...args)
  process.on('message', (order: Order) => {
    act(order).then(
      (value) => report({ value }),
      (error: unknown) => report({ error: String(error) }),
    )
  })
  process.on('disconnect', () => process.exit())
}

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
