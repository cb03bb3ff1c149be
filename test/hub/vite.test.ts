import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger, createServer, preview, type InlineConfig, type PreviewServer, type ViteDevServer } from 'vite'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Hub } from 'pinia-push/hub'
import { pushHub } from 'pinia-push/vite'
import { throughTunnel } from './lines.ts'
import { stream } from './serve.ts'

const root = mkdtempSync(join(tmpdir(), 'pinia-push-vite-'))
writeFileSync(join(root, 'index.html'), '<p>page</p>')
mkdirSync(join(root, 'dist'))
writeFileSync(join(root, 'dist', 'index.html'), '<p>page</p>')
afterAll(() => rmSync(root, { recursive: true }))

/** A plugin, and the hubs that it has started and stopped. */
function mountable() {
  const started: Hub[] = []
  const stopped: Hub[] = []
  const plugin = pushHub({
    setup(hub) {
      started.push(hub)
      return () => stopped.push(hub)
    },
  })
  const config = {
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [plugin],
    server: { host: '127.0.0.1', port: 0 },
    preview: { host: '127.0.0.1', port: 0 },
  } satisfies InlineConfig
  return { config, started, stopped }
}

const hostOf = ({ resolvedUrls }: ViteDevServer | PreviewServer) => new URL(resolvedUrls?.local[0] ?? '').host

async function expectServed(host: string, hub: Hub | undefined) {
  const { next, leave } = await stream(`http://${host}/push/a`)
  await next()
  const socket = new WebSocket(`ws://${host}/push/a`, 'ws+meta.nchan')
  await once(socket, 'open')
  expect(hub?.publish('a', 'hello').subscribers).toBe(2)
  expect(await next()).toMatch(/data: hello$/)
  socket.terminate()
  leave()
}

describe('pushHub', () => {
  test('serves the hub on the development server, beside the page and its hot reloads', async () => {
    const { config, started, stopped } = mountable()
    const server = await createServer(config)
    await server.listen()
    const host = hostOf(server)
    await expectServed(host, started[0])
    expect(await (await fetch(`http://${host}/`)).text()).toContain('<p>page</p>')
    const reloads = new WebSocket(`ws://${host}/?token=${server.config.webSocketToken}`, 'vite-hmr')
    const [said] = await once(reloads, 'message')
    expect(String(said)).toContain('connected')
    reloads.terminate()
    await server.close()
    expect(stopped).toEqual(started)
  })

  test('creates another hub when the development server restarts', async () => {
    const { config, started, stopped } = mountable()
    const server = await createServer(config)
    await server.listen()
    await server.restart()
    expect([started.length, stopped]).toEqual([2, [started[0]]])
    await expectServed(hostOf(server), started[1])
    await server.close()
    expect(stopped).toEqual(started)
  })

  test("serves lines over TCP too, and tunnels WebSockets to them on the page's own port", async () => {
    const plugin = pushHub({ tcp: {} })
    const server = await createServer({ ...mountable().config, plugins: [plugin] })
    await server.listen()
    const { send, next, leave } = throughTunnel(`http://${hostOf(server)}/push/`)
    send({ subscribe: './a' })
    expect(await next()).toMatchObject({ push: 'open' })
    leave()
    await server.close()
  })

  test('closes with its server, also if the function that `setup` returned throws', async () => {
    const hubs: Hub[] = []
    const customLogger = createLogger('silent')
    const error = vi.spyOn(customLogger, 'error')
    const setup = (hub: Hub) => {
      hubs.push(hub)
      return () => {
        throw new Error('mine')
      }
    }
    const server = await createServer({ ...mountable().config, customLogger, plugins: [pushHub({ setup })] })
    await server.listen()
    await server.close()
    expect(() => hubs[0]?.publish('a', 'x')).toThrow(expect.objectContaining({ code: 'closed' }))
    expect(error).toHaveBeenCalledWith(expect.stringContaining('mine'))
  })

  test('serves the hub on the preview server', async () => {
    const { config, started, stopped } = mountable()
    const server = await preview(config)
    await expectServed(hostOf(server), started[0])
    await server.close()
    expect(stopped).toEqual(started)
  })

  test('warns that WebSockets are not available in middleware mode, and closes with its server there too', async () => {
    const { config, started, stopped } = mountable()
    const customLogger = createLogger('silent')
    const warn = vi.spyOn(customLogger, 'warn')
    const server = await createServer({ ...config, customLogger, server: { middlewareMode: true, ws: false } })
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('WebSocket not available'))
    await server.close()
    expect(stopped).toEqual(started)
  })
})
