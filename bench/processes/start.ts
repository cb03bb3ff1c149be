import { fork } from 'node:child_process'
import { build } from 'vite'
import type { Order, Orders, Report } from './orders.ts'

const root = new URL('../../', import.meta.url).pathname

/** The same orders, from another process. */
type Remote<O extends Orders> = {
  readonly [K in keyof O]: (...args: Parameters<O[K]>) => Promise<Awaited<ReturnType<O[K]>>>
}

export interface Started<O extends Orders> {
  readonly tell: Remote<O>
  stop(): void
}

/** Builds a process of this folder as it would be shipped, and starts it. `O` is what it obeys. */
export async function start<O extends Orders>(name: string): Promise<Started<O>> {
  await build({
    configFile: false,
    root,
    build: { ssr: `bench/processes/${name}.ts`, outDir: `bench/dist/${name}`, minify: false },
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  const child = fork(`${root}bench/dist/${name}/${name}.js`, { env: { ...process.env, NODE_ENV: 'production' } })
  const waiting: { resolve: (value: never) => void; reject: (error: Error) => void }[] = []
  child.on('message', (report: Report) => {
    const asked = waiting.shift()
    if ('error' in report) asked?.reject(new Error(`${name}: ${report.error}`))
    else asked?.resolve(report.value as never)
  })
  child.on('exit', (code) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`the process ${name} ended with ${code}`))
  })
  const tell = new Proxy({} as Remote<O>, {
    get:
      (_, order: string) =>
      (...args: never[]) =>
        new Promise<never>((resolve, reject) => {
          waiting.push({ resolve, reject })
          child.send({ name: order, args } satisfies Order)
        }),
  })
  return { tell, stop: () => void child.kill() }
}
