import type { ChildProcess } from 'node:child_process'

/** What a process can be told to do, by name. */
export type Orders = Readonly<Record<string, (...args: never[]) => unknown>>

interface Order {
  readonly id: number
  readonly name: string
  readonly args: never[]
}

/** The result of an order. */
type Report = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string })

/** The same orders, from another process. */
export type Remote<O extends Orders> = {
  readonly [K in keyof O]: (...args: Parameters<O[K]>) => Promise<Awaited<ReturnType<O[K]>>>
}

/** In a child process: does what its parent orders, and ends with it. */
export function obey(orders: Orders): void {
  const act = async ({ name, args }: Order) => orders[name]?.(...args)
  process.on('message', (order: Order) => {
    const report = (result: { value: unknown } | { error: string }) =>
      void process.send?.({ id: order.id, ...result } satisfies Report)
    act(order).then(
      (value) => report({ value }),
      (error: unknown) => report({ error: String(error) }),
    )
  })
  process.on('disconnect', () => process.exit())
}

/** In the parent: the orders that a child process obeys. They reject when it has ended. `name` is for errors. */
export function remote<O extends Orders>(child: ChildProcess, name: string): Remote<O> {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let id = 0
  let ended: Error | undefined
  child.on('message', (report: Report) => {
    const asked = waiting.get(report.id)
    waiting.delete(report.id)
    if ('error' in report) asked?.reject(new Error(`${name}: ${report.error}`))
    else asked?.resolve(report.value as never)
  })
  child.on('exit', (code, signal) => {
    ended = new Error(`the process ${name} ended with ${code ?? signal}`)
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  })
  return new Proxy({} as Remote<O>, {
    get:
      (_, order: string) =>
      (...args: never[]) =>
        new Promise<never>((resolve, reject) => {
          if (ended) return reject(ended)
          id += 1
          waiting.set(id, { resolve, reject })
          child.send({ id, name: order, args } satisfies Order)
        }),
  })
}
