import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../servers/free-port.ts'
import { start, type Started } from '../servers/started.ts'

const guard = new URL('../../deploy/guard.mjs', import.meta.url).pathname

/** An `authorize` that asks a server of this test, which decides when it likes. */
const ASKS = `export async function authorize({ query }) {
  if (query.has('leaves')) void Promise.reject(new Error('nobody waits for this'))
  return query.has('waits') ? (await fetch(process.env.ASKED)).ok : true
}`

let directory: string
let running: Started
let port: number
const waiting: ServerResponse[] = []
const asked = createServer((_, answer) => void waiting.push(answer))

/** Starts the guard as its unit does, perhaps with a limit on open files. */
async function startGuard(limit?: number) {
  port = await freePort()
  const env = {
    GUARD_PORT: String(port),
    AUTHORIZE: join(directory, 'authorize.mjs'),
    ASKED: `http://127.0.0.1:${(asked.address() as AddressInfo).port}`,
  }
  const args = limit === undefined ? [] : ['-c', `ulimit -n ${limit} && exec "$0" "$@"`, process.execPath]
  running = await start(limit === undefined ? process.execPath : 'sh', [...args, guard], port, 'Node 18 or later', env)
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'guard-'))
  writeFileSync(join(directory, 'authorize.mjs'), ASKS)
  asked.listen(0, '127.0.0.1')
  await once(asked, 'listening')
})
afterEach(async () => {
  await running.stop()
  asked.closeAllConnections()
  asked.close()
  waiting.length = 0
  rmSync(directory, { recursive: true })
})

async function ask(query = '') {
  const headers = { 'x-channel': 'a', 'x-method': 'POST', 'x-uri': `/push/a?${query}`, 'x-address': '127.0.0.2' }
  return (await fetch(`http://127.0.0.1:${port}`, { headers })).status
}

describe('the guard as a process', () => {
  test('responds to requests from before SIGTERM, accepts no others, and exits', async () => {
    await startGuard()
    expect(await ask()).toBe(200)
    const pending = ask('waits')
    await expect.poll(() => waiting.length).toBe(1)
    const ended = running.stop('SIGTERM')
    await expect.poll(() => ask().catch(() => 'rejected')).toBe('rejected')
    waiting[0]?.end()
    expect(await pending).toBe(200)
    // The connection on which that was asked would be kept otherwise, and the process with it.
    await ended
  })

  test('continues without a free file descriptor, and responds once there is one', async () => {
    await startGuard(48)
    const sockets = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').on('error', () => {}))
    const over = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    // Those for which there was none.
    await Promise.race(over)
    for (const socket of sockets) socket.destroy()
    await Promise.all(over)
    await expect.poll(() => ask().catch(() => 'rejected')).toBe(200)
  })

  test('continues after an unhandled rejection in authorize', async () => {
    await startGuard()
    expect(await ask('leaves')).toBe(200)
    expect(await ask()).toBe(200)
  })
})
