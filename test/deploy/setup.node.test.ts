import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../servers/free-port.ts'
import { temporary } from '../servers/nginx-config.ts'
import { ready } from '../servers/ready.ts'
import { start, type Started } from '../servers/started.ts'
import { makeCertificate } from './certificate.ts'

const run = promisify(execFile)
const project = new URL('../../', import.meta.url).pathname
const readme = readFileSync(join(project, 'deploy/README.md'), 'utf8')
const [, commands = ''] = /## Set it up[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme) ?? []
/** Before it the files are copied, and after it a user has filled them in. */
const FILL_IN = commands.indexOf('nginx -t')

const PASSWORD = 'a-long-password'
const certificate = makeCertificate()
const root = mkdtempSync(join(tmpdir(), 'root-'))
const at = (path: string) => join(root, path)
const running: Started[] = []
let ports: Record<'pages' | 'publisher' | 'events' | 'guard' | 'redis', number>
let said = ''

/** Runs lines of the page in another root. There are no packages to install here, and no services to start. */
async function inRoot(lines: string): Promise<void> {
  const here = `cd '${project}'
apt-get() { echo "not run: apt-get $*"; }
systemctl() { echo "not run: systemctl $*"; }
nginx() { command nginx -p '${root}' -e '${at('error.log')}' -c '${at('etc/nginx/nginx.conf')}' "$@"; }
`
  const { stdout, stderr } = await run('bash', ['-ec', here + lines.replaceAll(/(?<=[\s'])\/etc\//g, at('etc/'))])
  said += stdout + stderr
}

/** What a user fills in where the files say SET, and where this root has its logs. */
function fillIn() {
  const changes: [there: string, instead: string][] = [
    ['user www-data;', userInfo().uid === 0 ? 'user root;' : ''],
    ['listen 443', `listen 127.0.0.1:${ports.pages}`],
    ['listen [::]:443', '# listen'],
    ['/etc/nginx/tls/push.crt', certificate.certificateFile],
    ['/etc/nginx/tls/push.key', certificate.keyFile],
    ['127.0.0.1:8080', `127.0.0.1:${ports.publisher}`],
    ['127.0.0.1:8081', `127.0.0.1:${ports.events}`],
    ['127.0.0.1:8090', `127.0.0.1:${ports.guard}`],
    ['redis://127.0.0.1:6379', `redis://:${PASSWORD}@127.0.0.1:${ports.redis}`],
    ['/var/log/nginx/', `${root}/`],
    ['http {', `http {\n${temporary(root)}`],
  ]
  for (const file of ['nginx.conf', ...readdirSync(at('etc/nginx/push')).map((name) => `push/${name}`)]) {
    const path = at(`etc/nginx/${file}`)
    const filled = changes.reduce((all, [there, instead]) => all.replaceAll(there, instead), readFileSync(path, 'utf8'))
    writeFileSync(path, filled)
  }
  writeFileSync(at('etc/redis/push.conf'), `requirepass ${PASSWORD}\n`, { flag: 'a' })
}

beforeAll(async () => {
  const [pages, publisher, events] = [await freePort(), await freePort(), await freePort()]
  ports = { pages, publisher, events, guard: await freePort(), redis: await freePort() }
  // What Debian's packages bring.
  symlinkSync('/usr/lib/nginx/modules', at('modules'))
  for (const folder of ['etc/nginx', 'etc/systemd/system', 'etc/redis']) mkdirSync(at(folder), { recursive: true })
  writeFileSync(at('etc/redis/redis.conf'), `port ${ports.redis}\ndir ${root}\n`)
  await inRoot(commands.slice(0, FILL_IN))
  fillIn()
  await inRoot(commands.slice(FILL_IN))
})
afterAll(async () => {
  for (const each of running.toReversed()) await each.stop()
  certificate.remove()
  rmSync(root, { recursive: true })
})

describe('the setup of deploy/README.md', () => {
  test('lists each file with a value to fill in, and then passes the configuration test of nginx', () => {
    for (const file of ['nginx.conf', 'push/tls.conf', 'push/origins.conf', 'push/proxied.conf', 'push/publisher.conf'])
      expect(said).toContain(at(`etc/nginx/${file}:`))
    expect(said).toContain(at('etc/redis/push.conf:'))
    expect(said).toContain('test is successful')
    expect(said).toContain('not run: systemctl restart redis-server nginx')
  })

  test('makes the secret readable for root only', () => {
    const file = at('etc/pinia-push/guard.env')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toMatch(/^PUSH_SECRET=[0-9a-f]{64}\n$/)
  })

  test('has a unit that systemd accepts, and that may only serve', async () => {
    const unit = at('etc/systemd/system/push-guard.service')
    const lines = readFileSync(unit, 'utf8')
    for (const line of ['DynamicUser', 'NoNewPrivileges', 'ProtectHome', 'PrivateDevices'])
      expect(lines).toContain(`\n${line}=yes\n`)
    expect(lines).toContain('\nCapabilityBoundingSet=\n')
    // Its program may be elsewhere on this machine.
    writeFileSync(unit, lines.replace('/usr/bin/node', process.execPath))
    const verified = await run('systemd-analyze', ['verify', unit])
    expect(verified.stdout + verified.stderr).toBe('')
  })

  test('serves clients with a token, with a Redis that has a password, and logs neither', async () => {
    const [, PUSH_SECRET = ''] = /=(\w+)/.exec(readFileSync(at('etc/pinia-push/guard.env'), 'utf8')) ?? []
    const guard = {
      PUSH_SECRET,
      GUARD_PORT: String(ports.guard),
      PUBLISHER: `http://127.0.0.1:${ports.publisher}/channels/`,
    }
    running.push(await start('redis-server', [at('etc/redis/redis.conf')], ports.redis, 'redis-server'))
    running.push(await start(process.execPath, [at('etc/pinia-push/guard.mjs')], ports.guard, 'Node 18', guard))
    const nginx = ['-p', root, '-e', at('error.log'), '-c', at('etc/nginx/nginx.conf')]
    const foreground = ['-g', `daemon off; pid ${at('nginx.pid')};`]
    running.push(await start('nginx', [...nginx, ...foreground], ports.pages, 'nginx'))
    await ready(ports.publisher)

    const published = await fetch(`http://127.0.0.1:${ports.publisher}/channels/a`, { method: 'POST', body: 'one' })
    expect(published.status).toBe(202)
    process.env['PUSH_SECRET'] = PUSH_SECRET
    const { tokenFor } = (await import(at('etc/pinia-push/authorize.mjs'))) as { tokenFor(...a: unknown[]): string }
    const token = tokenFor('a', Math.floor(Date.now() / 1_000) + 600)
    const read = async (query: string) =>
      (await run('curl', ['-sSk', `https://127.0.0.1:${ports.pages}/push/a?wait=0&${query}`])).stdout
    expect(await read(`token=${token}`)).toBe('one')
    expect(await read('')).toBe('no token, or one that has expired')

    const redis = (lines: string) => text(connect(ports.redis, '127.0.0.1').end(`${lines}\r\nQUIT\r\n`))
    expect(await redis('KEYS *')).toMatch(/^-NOAUTH/)
    expect(await redis(`AUTH ${PASSWORD}\r\nCONFIG GET bind\r\nCONFIG GET maxmemory-policy`)).toMatch(
      /\r\n127\.0\.0\.1 -::1\r\n[\s\S]*\r\nnoeviction\r\n/,
    )
    const logs = ['push.log', 'error.log'].map((file) => readFileSync(at(file), 'utf8')).join('')
    expect(logs).toContain(' GET /poll/push/a 200 ')
    expect(logs).not.toContain(token)
    expect(logs).not.toContain(PASSWORD)
  })
})
