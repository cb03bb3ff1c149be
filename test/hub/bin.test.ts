import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { beforeAll, describe, expect, test } from 'vitest'
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

function run(...args: string[]): ChildProcess & { said: () => string } {
  const child = spawn(process.execPath, [file, ...args])
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)))
  return Object.assign(child, { said: () => text })
}

describe('npx pinia-push hub', () => {
  test('says where it is and how to use it, works, and stops when it is told to', async () => {
    const hub = run('hub', '--port', '0', '--first-message', 'oldest')
    while (!hub.said().includes('publish:')) await once(hub.stdout as never, 'data')
    const url = /http:\/\/127\.0\.0\.1:\d+\/push\/news/.exec(hub.said())?.[0] ?? ''
    expect((await fetch(url, { method: 'POST', body: 'hello' })).status).toBe(202)
    expect(await (await fetch(`${url}?wait=0`)).text()).toBe('hello')
    hub.kill('SIGTERM')
    expect(await once(hub, 'exit')).toEqual([0, null])
  })

  test('speaks lines over TCP where it is told to', async () => {
    const hub = run('hub', '--port', '0', '--tcp-port', '0')
    while (!hub.said().includes('publish:')) await once(hub.stdout as never, 'data')
    const { say, next, leave } = overTcp(Number(/TCP: port (\d+)/.exec(hub.said())?.[1]))
    say({ subscribe: './news' })
    expect(await next()).toMatchObject({ push: 'open' })
    leave()
    hub.kill('SIGTERM')
    expect(await once(hub, 'exit')).toEqual([0, null])
  })

  test.each([
    [['hub', '--tcp-port', '70000'], /--tcp-port 70000 is no port/],
    [['hub', '--port', 'x'], /--port x is no port/],
    [['hub', '--first-message', 'third'], /neither newest, oldest nor -N/],
    [['hub', '--host', '0.0.0.0'], /bind 127\.0\.0\.1/],
    [['hub', '--colour'], /Unknown option/],
    [['serve'], /no command serve/],
    [[], /say `hub`/],
  ])('refuses %j in one line, and says how it is called', async (args, line) => {
    const hub = run(...args)
    expect(await once(hub, 'exit')).toEqual([2, null])
    expect(hub.said()).toMatch(line)
    expect(hub.said()).toContain('npx pinia-push hub [--port 7780]')
  })
})
