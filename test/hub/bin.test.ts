import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../servers/free-port.ts'
import { happens } from './hostile/attackers.ts'
import { overTcp } from './lines.ts'

let file: string
beforeAll(async () => {
  const outDir = mkdtempSync(join(tmpdir(), 'pinia-push-bin-'))
  const entry = new URL('../../src/hub/bin.ts', import.meta.url).pathname
  await build({
    configFile: false,
    logLevel: 'error',
    build: { outDir, ssr: entry, target: 'node20' },
    ssr: { noExternal: true },
  })
  file = join(outDir, 'bin.js')
})

type Run = ChildProcess & { said: () => string }

const run = (...args: string[]): Run => watch(spawn(process.execPath, [file, ...args]))
/** The same with so many file descriptors. */
const limited = (descriptors: number, ...args: string[]): Run =>
  watch(spawn('sh', ['-c', `ulimit -n ${descriptors} && exec "$0" "$@"`, process.execPath, file, ...args]))

function watch(child: ChildProcessWithoutNullStreams): Run {
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)))
  return Object.assign(child, { said: () => text })
}

async function said(hub: Run, text: RegExp): Promise<void> {
  while (!text.test(hub.said())) await once(hub.stdout as never, 'data')
}
const channelOf = (hub: Run) => /http:\/\/127\.0\.0\.1:\d+\/push\/news/.exec(hub.said())?.[0] ?? ''

/** The status of a poll, as soon as there is one. */
async function statusOf(port: number): Promise<number> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/push/a?wait=0`).catch(() => undefined)
    if (response) return response.status
  }
}

describe('npx pinia-push hub', () => {
  test('prints its URL and how to use it, serves channels, and stops at a signal', async () => {
    const hub = run('hub', '--port', '0', '--start-from', 'oldest')
    await said(hub, /publish:/)
    const url = /http:\/\/127\.0\.0\.1:\d+\/push\/news/.exec(hub.said())?.[0] ?? ''
    expect((await fetch(url, { method: 'POST', body: 'hello' })).status).toBe(202)
    expect(await (await fetch(`${url}?wait=0`)).text()).toBe('hello')
    hub.kill('SIGTERM')
    expect(await once(hub, 'exit')).toEqual([0, null])
  })

  test('serves lines over TCP with --tcp-port', async () => {
    const hub = run('hub', '--port', '0', '--tcp-port', '0')
    await said(hub, /publish:/)
    const { send, next, leave } = overTcp(Number(/TCP: port (\d+)/.exec(hub.said())?.[1]))
    send({ subscribe: './news' })
    expect(await next()).toMatchObject({ push: 'open' })
    leave()
    hub.kill('SIGTERM')
    expect(await once(hub, 'exit')).toEqual([0, null])
  })

  test('starts at the last messages with --start-from', async () => {
    const hub = run('hub', '--port', '0', '--start-from=-1')
    await said(hub, /publish:/)
    const url = channelOf(hub)
    for (const body of ['one', 'two']) await fetch(url, { method: 'POST', body })
    expect(await (await fetch(`${url}?wait=0`)).text()).toBe('two')
  })

  test('prints one line if a port is in use, and does not listen then', async () => {
    const first = run('hub', '--port', '0')
    await said(first, /publish:/)
    const taken = new URL(channelOf(first)).port
    const free = await freePort()
    for (const args of [
      ['--port', taken],
      ['--port', String(free), '--tcp-port', taken],
      ['--port', String(free), '--tcp-port', String(free)],
    ]) {
      const second = run('hub', ...args)
      expect(await once(second, 'exit')).toEqual([2, null])
      expect(second.said()).toMatch(/^pinia-push: listen EADDRINUSE.*\n\nUsage: npx pinia-push hub /)
    }
    expect((await fetch(channelOf(first), { method: 'POST', body: 'x' })).status).toBe(202)
  })

  test('continues if nothing reads its output', async () => {
    const port = await freePort()
    const hub = run('hub', '--port', String(port))
    hub.stdout?.destroy()
    hub.stderr?.destroy()
    expect(await statusOf(port)).toBe(304)
    hub.kill('SIGTERM')
    expect(await once(hub, 'exit')).toEqual([0, null])
  })

  test('continues after it runs out of file descriptors', async () => {
    const [port, tcpPort] = [await freePort(), await freePort()]
    const hub = limited(64, 'hub', '--port', String(port), '--tcp-port', String(tcpPort))
    await said(hub, /publish:/)
    // What it cannot accept is closed or waits; all have been dealt with when the last has.
    const attackers = Array.from({ length: 200 }, (_, n) => connect(n % 2 ? port : tcpPort, '127.0.0.1'))
    await Promise.all(
      attackers.map((attacker) =>
        happens(
          attacker.on('error', () => {}),
          'connect',
        ),
      ),
    )
    for (const attacker of attackers) attacker.destroy()
    expect(await statusOf(port)).toBe(304)
    hub.kill('SIGTERM')
    expect(await once(hub, 'exit')).toEqual([0, null])
  })

  test.each([
    [
      ['SIGTERM', 'SIGINT'],
      [0, null],
    ],
    [
      ['SIGINT', 'SIGTERM'],
      [0, null],
    ],
  ] as const)('ends once for these signals: %j', async (signals, ending) => {
    const hub = run('hub', '--port', '0', '--tcp-port', '0')
    await said(hub, /publish:/)
    const port = Number(new URL(channelOf(hub)).port)
    const tcpPort = Number(/TCP: port (\d+)/.exec(hub.said())?.[1])
    // Clients that never read, an incomplete request, connections without a request, and new connections.
    const held = Array.from({ length: 40 }, (_, n) => {
      const socket = connect(n % 4 === 3 ? tcpPort : port, '127.0.0.1').on('error', () => {})
      if (n % 4 < 2) socket.pause().write(`GET /push/a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n`)
      if (n % 4 === 0) socket.write('\r\n')
      return socket
    })
    await Promise.all(held.slice(0, 20).map((socket) => happens(socket, 'connect')))
    for (const signal of signals) hub.kill(signal)
    for (let n = 0; n < 20; n += 1) held.push(connect(n % 2 ? port : tcpPort, '127.0.0.1').on('error', () => {}))
    expect(await once(hub, 'exit')).toEqual(ending)
    expect(hub.said()).not.toMatch(/error|warning/i)
    for (const socket of held) socket.destroy()
  })

  test.each([
    [
      ['hub', '--tcp-port', '70000'],
      /^pinia-push: Invalid --tcp-port "70000"\. Use a whole number from 0 to 65535\.\n/,
    ],
    [['hub', '--port', 'x'], /Invalid --port "x"\. Use a whole number/],
    [['hub', '--port', ''], /Invalid --port ""\. Use a whole number/],
    [['hub', '--port', '1e3'], /Invalid --port "1e3"\. Use a whole number/],
    [['hub', '--history', '1.5'], /Invalid --history "1\.5"\. Use a whole number/],
    [['hub', '--history', '0'], /Invalid --history "0"\. Use a whole number/],
    [['hub', '--start-from', 'third'], /Invalid --start-from "third"\. Use newest, oldest or -N\./],
    [['hub', '--host', '0.0.0.0'], /listen on 127\.0\.0\.1/],
    [['hub', '--colour'], /Unknown option/],
    [['serve'], /Unknown command "serve"/],
    [[], /Missing command: hub/],
  ])('rejects %j in one line, and prints its usage', async (args, line) => {
    const hub = run(...args)
    expect(await once(hub, 'exit')).toEqual([2, null])
    expect(hub.said()).toMatch(line)
    expect(hub.said()).toContain('Usage: npx pinia-push hub [options]')
  })
})
