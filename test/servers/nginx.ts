import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import type { Change } from './deployed.ts'
import type { StartGuard } from './guard.ts'
import { SUITE, configure, places, plain } from './nginx-config.ts'
import { start, type Started } from './started.ts'

const MODULES = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/usr/share/nginx/modules']
const PACKAGES = 'nginx with the Nchan module (Debian: apt-get install nginx-core libnginx-mod-nchan)'

/** A real nginx with Nchan, with files and ports of its own. */
export interface Nginx {
  /** Where pages are served. */
  port: number
  publisherPort: number
  /** Where the events of forever frames are, for nginx itself. */
  eventsPort: number
  guardPort: number
  /** Its workers' process ids. */
  workers(): number[]
  /** Restarts it at the same ports. */
  restart(): Promise<void>
  /** Reads its configuration again, as an administrator would: new workers, the old ones let their readers go. */
  reload(): void
  /** SIGKILL to the master and its worker. */
  kill(): Promise<void>
  /** Stops it. Throws where a worker had died: none may, whatever a page asks. */
  stop(): Promise<void>
}

export interface NginxOptions {
  /** A Redis that keeps the messages; absent: this node's memory. */
  redisPort?: number | undefined
  /** What it asks before each subscription. */
  guard: StartGuard
  /** What else is changed in the deployed files, by the port where pages are served. @default what the suite needs */
  changes?: (port: number) => readonly Change[]
}

/** Starts nginx on the deployed files, with its guard beside it. */
export async function startNginx({
  redisPort,
  guard: startGuard,
  changes = (port) => [plain(port), ...SUITE],
}: NginxOptions): Promise<Nginx> {
  const module = MODULES.map((place) => join(place, 'ngx_nchan_module.so')).find((file) => existsSync(file))
  if (!module)
    throw new Error(`The tests run against a real nginx, and its Nchan module was not found: install ${PACKAGES}`)
  const directory = await mkdtemp(join(tmpdir(), 'nginx-'))
  const [port, publisherPort, eventsPort] = [await freePort(), await freePort(), await freePort()]
  const guard = await startGuard(`http://127.0.0.1:${publisherPort}/channels/`)
  const own = places({ directory, module, publisherPort, eventsPort, guardPort: guard.port, redisPort })
  await configure(directory, [...own, ...changes(port)])
  const args = ['-p', directory, '-e', join(directory, 'error.log'), '-c', join(directory, 'nginx.conf')]
  const foreground = ['-g', `daemon off; pid ${join(directory, 'nginx.pid')};`]
  const run = () => start('nginx', [...args, ...foreground], port, PACKAGES)
  let running: Started | undefined = await run()
  // By SIGTERM a worker of Nchan's on Redis may crash as it exits.
  const leaving = new Set<number>()
  // Each worker that a reload has started crashes after ten seconds where Nchan is on Redis (deploy/README.md, Hazards).
  let reloaded = false
  // As Debian's unit does: SIGTERM is for those that linger.
  const stop = async () => {
    for (const pid of running?.children() ?? []) leaving.add(pid)
    const patience = setTimeout(() => running?.signal('SIGTERM'), 5_000)
    await running?.stop('SIGQUIT')
    clearTimeout(patience)
  }
  return {
    port,
    publisherPort,
    eventsPort,
    guardPort: guard.port,
    workers: () => running?.children() ?? [],
    async restart() {
      await stop()
      running = await run()
    },
    reload() {
      reloaded = true
      running?.signal('SIGHUP')
    },
    async kill() {
      await running?.kill()
      running = undefined
    },
    async stop() {
      await stop()
      await guard.close()
      const log = await readFile(join(directory, 'error.log'), 'utf8')
      await rm(directory, { recursive: true })
      if (reloaded && redisPort !== undefined) return
      const deaths = log.split('\n').filter((line) => {
        const pid = /worker process (\d+) exited on signal/.exec(line)?.[1]
        return pid !== undefined && !leaving.has(Number(pid))
      })
      if (deaths.length > 0) throw new Error(`nginx did not live well:\n${deaths.join('\n')}`)
    },
  }
}
