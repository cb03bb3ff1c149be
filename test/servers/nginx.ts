import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { nginxConfig } from './nginx-config.ts'
import { start, type Started } from './started.ts'

const MODULES = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/usr/share/nginx/modules']
const PACKAGES = 'nginx with the Nchan module (Debian: apt-get install nginx-core libnginx-mod-nchan)'

/** A real nginx with Nchan, with files and ports of its own. */
export interface Nginx {
  /** Where pages are served. */
  port: number
  publisherPort: number
  /** Starts it anew, at the same ports. */
  restart(): Promise<void>
  /** Reads its configuration again, as an administrator would: new workers, the old ones let their readers go. */
  reload(): void
  /** SIGKILL to the master and its worker. */
  kill(): Promise<void>
  /** Stops it. Throws where a worker had died: none may, whatever a page asks. */
  stop(): Promise<void>
}

export async function startNginx({
  guardPort,
  redisPort,
}: {
  guardPort: number
  redisPort?: number | undefined
}): Promise<Nginx> {
  const module = MODULES.map((place) => join(place, 'ngx_nchan_module.so')).find((file) => existsSync(file))
  if (!module)
    throw new Error(`The tests run against a real nginx, and its Nchan module was not found: install ${PACKAGES}`)
  const directory = await mkdtemp(join(tmpdir(), 'nginx-'))
  const [port, publisherPort] = [await freePort(), await freePort()]
  const file = join(directory, 'nginx.conf')
  await writeFile(file, nginxConfig({ directory, module, port, publisherPort, guardPort, redisPort }))
  const run = () => start('nginx', ['-p', directory, '-e', join(directory, 'error.log'), '-c', file], port, PACKAGES)
  let running: Started | undefined = await run()
  return {
    port,
    publisherPort,
    async restart() {
      await running?.stop()
      running = await run()
    },
    reload: () => running?.signal('SIGHUP'),
    async kill() {
      await running?.kill()
      running = undefined
    },
    async stop() {
      await running?.stop()
      const log = await readFile(join(directory, 'error.log'), 'utf8')
      await rm(directory, { recursive: true })
      const deaths = log.split('\n').filter((line) => /exited on signal/.test(line))
      if (deaths.length > 0) throw new Error(`nginx did not live well:\n${deaths.join('\n')}`)
    },
  }
}
