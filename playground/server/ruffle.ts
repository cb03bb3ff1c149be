import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Connect, Plugin } from 'vite'

const FOLDER = dirname(createRequire(import.meta.url).resolve('@ruffle-rs/ruffle/package.json'))
const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', wasm: 'application/wasm' }

/** Serves Ruffle's files at `/ruffle/`, compressed. */
export function ruffle(): Plugin {
  const packed = new Map<string, Promise<Buffer>>()
  const pack = async (name: string) => promisify(gzip)(await readFile(join(FOLDER, name)))

  const serve: Connect.NextHandleFunction = (request, response, next) => {
    const [, name = '', ending = ''] = /^\/ruffle\/([\w.]+\.(js|wasm))$/.exec(request.url ?? '') ?? []
    if (name === '') return next()
    const file = packed.get(name) ?? pack(name)
    packed.set(name, file)
    file.then((bytes) => {
      response.writeHead(200, { 'Content-Type': TYPES[ending], 'Content-Encoding': 'gzip' })
      response.end(bytes)
    }, next)
  }
  return {
    name: 'playground:ruffle',
    configureServer: ({ middlewares }) => void middlewares.use(serve),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(serve),
  }
}
