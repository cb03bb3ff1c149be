import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { remote, type Orders, type Remote } from '../../servers/remote.ts'

const root = new URL('../../../', import.meta.url).pathname
const PROGRAMS = {
  bin: `${root}src/hub/bin.ts`,
  hub: `${root}test/hub/hostile/processes/hub.ts`,
  bounded: `${root}test/hub/hostile/processes/bounded.ts`,
  measure: `${root}test/hub/hostile/processes/measure.ts`,
  attackers: `${root}test/hub/hostile/processes/attackers.ts`,
} as const

/** Of what a program wrote, in characters: one that logs each odd answer writes much. */
const KEPT = 50_000

export interface Program<O extends Orders> {
  readonly child: ChildProcess
  readonly tell: Remote<O>
  /** The last that it wrote, on both. */
  said(): string
  /** Resolves when it has written this. */
  says(text: RegExp): Promise<RegExpExecArray>
}

/** Builds the programs as they are shipped, and starts them as processes. */
export async function buildPrograms() {
  const outDir = mkdtempSync(join(tmpdir(), 'pinia-push-hostile-'))
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: { outDir, emptyOutDir: true, ssr: true, target: 'node20', rolldownOptions: { input: PROGRAMS } },
    ssr: { noExternal: true },
  })
  const children: ChildProcess[] = []

  return {
    start<O extends Orders>(
      program: keyof typeof PROGRAMS,
      args: readonly string[] = [],
      execArgv: readonly string[] = [],
    ): Program<O> {
      const child = fork(join(outDir, `${program}.js`), args, {
        silent: true,
        execArgv: [...execArgv],
      })
      children.push(child)
      let text = ''
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk) => (text = (text + String(chunk)).slice(-KEPT)))
      return {
        child,
        tell: remote<O>(child, program),
        said: () => text,
        async says(pattern) {
          for (;;) {
            const match = pattern.exec(text)
            if (match) return match
            if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${text}`)
            await Promise.race([once(child.stdout as never, 'data'), once(child, 'exit')])
          }
        },
      }
    },
    /** A path of a program, for `--import`. */
    path: (program: keyof typeof PROGRAMS) => join(outDir, `${program}.js`),
    async stop() {
      const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      await Promise.all(
        running.map((child) => {
          child.kill('SIGKILL')
          return once(child, 'exit')
        }),
      )
      rmSync(outDir, { recursive: true })
    },
  }
}
export type Programs = Awaited<ReturnType<typeof buildPrograms>>
