import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { pushHub } from 'pinia-push/vite'
import { createServer } from 'vite'
import { expect, test as base } from 'vitest'
import { CHROMIUM } from './chromium.ts'
import { launch } from './launch.ts'

const repository = new URL('../..', import.meta.url).pathname

/** The app of `hmr/` in its own folder, on Vite's dev server, in a page. */
const test = base.extend<{ app: Awaited<ReturnType<typeof start>> }>({
  app: async ({}, use) => {
    const app = await start()
    await use(app)
    await app.stop()
  },
})

async function start() {
  const root = mkdtempSync(join(tmpdir(), 'pinia-push-hmr-'))
  cpSync(new URL('hmr/', import.meta.url), root, { recursive: true })
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
  const server = await createServer({
    configFile: false,
    root,
    cacheDir: join(root, '.vite'),
    plugins: [pushHub()],
    resolve: {
      alias: {
        'pinia-push': join(repository, 'src/index.ts'),
      },
    },
    // Reports each change itself, because a file watcher misses the second of two changes within 50 ms.
    server: { port: 0, host: '127.0.0.1', fs: { allow: [root, repository] }, watch: null },
    logLevel: 'error',
  })
  await server.listen()
  const address = server.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? ''
  const browser = await launch(chromium, CHROMIUM)
  const page = await browser.newPage()
  const connected: string[] = []
  page.on('websocket', (socket) => connected.push(new URL(socket.url()).pathname))
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(address)
  return {
    page,
    complaints,
    /** The number of connections to the channel. */
    connections: (channel: string) => connected.filter((path) => path === `/push/${channel}`).length,
    publish: (channel: string, text: string) =>
      fetch(`${address}/push/${channel}`, { method: 'POST', body: JSON.stringify(text) }),
    /** Changes a file, and waits until the page runs the new code. */
    async edit(file: string, from: string, to: string) {
      const path = join(root, file)
      const before = readFileSync(path, 'utf8')
      if (!before.includes(from)) throw new Error(`${file} has no ${from}`)
      const updated = page.waitForEvent('console', {
        predicate: (message) => message.text().includes(`hot updated: /${file}`),
      })
      writeFileSync(path, before.replaceAll(from, to))
      server.watcher.emit('change', path)
      await updated
    },
    shows: (id: string, text: string) => page.locator(`#${id}`, { hasText: text }).waitFor(),
    async stop() {
      await browser.close()
      await server.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

for (const kind of ['option', 'setup']) {
  test(`an edit of the ${kind} store’s apply takes effect with the next message; state and connection stay`, async ({
    app,
  }) => {
    await app.shows(kind, 'open: ')
    await app.publish(kind, 'one')
    await app.shows(kind, 'open: before one')
    await app.page.evaluate('globalThis.unloaded = false')
    await app.edit(`${kind}-store.ts`, 'before ${data}', 'after ${data}')
    await app.publish(kind, 'two')
    await app.shows(kind, 'open: before one,after two')
    await app.edit(`${kind}-store.ts`, 'after ${data}', 'at last ${data}')
    await app.publish(kind, 'three')
    await app.shows(kind, 'open: before one,after two,at last three')
    expect(await app.page.evaluate('globalThis.unloaded')).toBe(false)
    expect([app.connections(kind), app.complaints]).toEqual([1, []])
  })

  test(`an edit of the ${kind} store’s source moves it to the other channel`, async ({ app }) => {
    await app.shows(kind, 'open: ')
    const [from, to] = kind === 'option' ? ["'/push/option'", "'/push/other-option'"] : ["'setup')", "'other-setup')"]
    await app.edit(`${kind}-store.ts`, from, to)
    await expect.poll(() => app.connections(`other-${kind}`)).toBe(1)
    await app.shows(kind, 'open: ')
    await app.publish(`other-${kind}`, 'one')
    await app.shows(kind, 'open: before one')
    expect(app.complaints).toEqual([])
  })
}
