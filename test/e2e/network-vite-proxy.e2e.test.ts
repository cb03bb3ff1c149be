import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { cacheDir } from './vite-cache.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A user's backend with an endless stream, as a process that can be killed. */
async function startBackend() {
  const script = `require('node:http')
    .createServer((_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\\n\\n'))
    .listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
  const backend = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void backend.kill('SIGKILL'))
  const [line] = (await once(backend.stdout, 'data')) as [Buffer]
  return { port: Number(line.toString()), kill: () => backend.kill('SIGKILL') }
}

/** The documented configuration, with another target. */
function configFrom(port: number): string {
  const page = readFileSync(join(root, 'docs/guide/when-things-break.md'), 'utf8')
  const [, code] = /## A backend behind Vite's proxy[^]*?```ts\n([^]*?)```/.exec(page) ?? []
  if (!code) throw new Error('the page shows no proxy')
  const folder = mkdtempSync(join(root, 'node_modules', '.proxy-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'vite.config.mjs')
  writeFileSync(file, `import { defineConfig } from 'vite'\n${code.replace('127.0.0.1:3000', `127.0.0.1:${port}`)}`)
  return file
}

test('with the documented lines a stream ends when the backend behind Vite’s proxy is killed', async () => {
  const backend = await startBackend()
  const server = await createServer({
    configFile: configFrom(backend.port),
    cacheDir,
    logLevel: 'silent',
    server: { host: '127.0.0.1', port: 0 },
  })
  onTestFinished(() => server.close())
  await server.listen()
  const bound = server.httpServer?.address() as AddressInfo
  const [stream] = (await once(get(`http://127.0.0.1:${bound.port}/push/prices`), 'response')) as [IncomingMessage]
  stream.on('error', () => {})
  const [first] = (await once(stream, 'data')) as [Buffer]
  expect(first.toString()).toBe('data: 1\n\n')
  const ended = new Promise((resolve) => stream.once('close', resolve))
  backend.kill()
  await ended
  expect(stream.complete).toBe(false)
})
