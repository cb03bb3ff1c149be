import { fork } from 'node:child_process'
import { build } from 'vite'
import { remote, type Orders, type Remote } from '../../test/servers/remote.ts'

const root = new URL('../../', import.meta.url).pathname

export interface Started<O extends Orders> {
  readonly call: Remote<O>
  stop(): void
}

/** Builds a process of this folder for production, and starts it. `O` are its commands. */
export async function start<O extends Orders>(name: string): Promise<Started<O>> {
  await build({
    configFile: false,
    root,
    build: { ssr: `bench/processes/${name}.ts`, outDir: `bench/dist/${name}`, minify: false },
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  const child = fork(`${root}bench/dist/${name}/${name}.js`, { env: { ...process.env, NODE_ENV: 'production' } })
  return { call: remote<O>(child, name), stop: () => void child.kill() }
}
