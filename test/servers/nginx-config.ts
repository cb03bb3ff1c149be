import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { deployed, type Change } from './deployed.ts'

export interface Places {
  /** Where its files are. */
  directory: string
  /** Nchan's. */
  module: string
  /** Where only this machine publishes and asks how channels are. */
  publisherPort: number
  /** Where the event streams of forever frames are. */
  eventsPort: number
  /** What is asked before each subscription, and keeps channels from being empty. */
  guardPort: number
  /** A Redis that keeps the messages; absent: this node's memory. */
  redisPort?: number | undefined
}

/** Where nginx writes what it cannot hold: into a place of its own, which needs no rights. */
export const temporary = (directory: string): string =>
  ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
    .join('\n')

/** The deployed files in places of their own, beside whatever else runs on this machine. */
export const places = ({
  directory,
  module,
  publisherPort,
  eventsPort,
  guardPort,
  redisPort,
}: Places): readonly Change[] => [
  ['nginx.conf', 'user www-data;', userInfo().uid === 0 ? 'user root;' : ''],
  ['nginx.conf', 'include /etc/nginx/modules-enabled/*.conf;', `load_module ${module};`],
  ['nginx.conf', '/var/log/nginx/', `${directory}/`],
  ['push/limits.conf', '/var/log/nginx/', `${directory}/`],
  ['nginx.conf', 'http {', `http {\n${temporary(directory)}`],
  ['nginx.conf', '127.0.0.1:8080', `127.0.0.1:${publisherPort}`],
  ['nginx.conf', '127.0.0.1:8081', `127.0.0.1:${eventsPort}`],
  ['push/channels.conf', '127.0.0.1:8081', `127.0.0.1:${eventsPort}`],
  ['nginx.conf', '127.0.0.1:8090', `127.0.0.1:${guardPort}`],
  redisPort === undefined
    ? ['nginx.conf', 'include push/redis.conf;', '']
    : ['push/redis.conf', '127.0.0.1:6379', `127.0.0.1:${redisPort}`],
]

/** As behind a load balancer that ends TLS. */
export const plain = (port: number): Change => ['nginx.conf', 'include push/tls.conf;', `listen 127.0.0.1:${port};`]

/**
 * What the suite sets: pages of any port of this machine, which send too, and a heartbeat each second, because tests do
 * not wait; no limit on how often one machine asks, because all readers are on it.
 */
export const SUITE: readonly Change[] = [
  ['push/origins.conf', '"https://app.example.com"', '"~^http://(localhost|127\\.0\\.0\\.1):[0-9]+$"'],
  ['push/channels.conf', 'push/reading.conf', 'push/sending.conf'],
  ['push/subscription.conf', 'nchan_eventsource_ping_interval 15;', 'nchan_eventsource_ping_interval 1;'],
  ['push/frame.conf', '"heartbeat":15', '"heartbeat":1'],
  ['push/limits.conf', 'rate=200r/s', 'rate=10000r/s'],
]

/** The suite's files: channels are `/push/<name>`, or `/oldest/<name>`, which begin with all that is retained. */
export async function configure(directory: string, changes: readonly Change[]): Promise<void> {
  await deployed(directory, [
    ...changes,
    ['nginx.conf', 'include push/channels.conf;', 'include push/channels.conf;\ninclude oldest/channels.conf;'],
    ['nginx.conf', 'include push/events.conf;', 'include push/events.conf;\ninclude oldest/events.conf;'],
  ])
  await mkdir(join(directory, 'oldest'))
  for (const name of ['channels.conf', 'events.conf', 'subscription.conf']) {
    const text = await readFile(join(directory, 'push', name), 'utf8')
    const oldest = text
      .replaceAll('/push/', '/oldest/')
      .replaceAll('push/subscription.conf', 'oldest/subscription.conf')
      .replaceAll('first_message -1', 'first_message oldest')
    await writeFile(join(directory, 'oldest', name), oldest)
  }
}
