import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { start } from './started.ts'

/** A real Redis that keeps nothing on disk. */
export async function startRedis(): Promise<{ port: number; restart(): Promise<void>; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-'))
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory]
  const run = () => start('redis-server', args, port, 'Redis (Debian: apt-get install redis-server)')
  let running = await run()
  return {
    port,
    async restart() {
      await running.stop()
      running = await run()
    },
    async stop() {
      await running.stop()
      await rm(directory, { recursive: true })
    },
  }
}
