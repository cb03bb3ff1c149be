import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createHub, type Hub, type HubOptions } from 'pinia-push/hub'
import { bundle } from './bundle.ts'

const RUFFLE = new URL('../../node_modules/@ruffle-rs/ruffle/', import.meta.url)
const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript',
  wasm: 'application/wasm',
  html: 'text/html; charset=utf-8',
}

/** A page that reads by Flash Socket, a hub, and Ruffle at `/ruffle/`, all at one origin. */
export async function serveFlash(options: HubOptions = {}) {
  const files = await bundle(new URL('flash', import.meta.url))
  const hub: Hub = createHub(options)
  await hub.listenTcp()
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const served = { policy: '', ruffle: 'there' as 'there' | 'absent' | 'a page' | 'cut' }

  const file = async (path: string): Promise<string | Uint8Array | undefined> => {
    if (!path.startsWith('/ruffle/')) return files.get(path)
    return served.ruffle === 'there' ? readFile(new URL(path.slice('/ruffle/'.length), RUFFLE)) : undefined
  }
  const server = createServer((request, response) => {
    if (hub.handle(request, response)) return
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    asked.push(pathname)
    if (served.ruffle === 'cut' && pathname.startsWith('/ruffle/')) return void request.socket.destroy()
    response.setHeader('Content-Security-Policy', served.policy)
    response.setHeader('Content-Type', TYPES[pathname.split('.').at(-1) ?? ''] ?? 'text/plain')
    void file(pathname).then((text) => {
      if (text === undefined && served.ruffle === 'a page') response.end('<!doctype html>no such page')
      else response.writeHead(text === undefined ? 404 : 200).end(text)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (request, socket, head) => hub.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    hub,
    origin,
    url: `http://${origin}/index.html`,
    /** Paths of files that were asked for. */
    asked,
    /** How it is served: the page's policy, and what becomes of Ruffle. */
    served,
    drop,
    async close() {
      await hub.close()
      server.close()
      drop()
    },
  }
}
