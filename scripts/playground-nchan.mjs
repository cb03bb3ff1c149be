// The playground on two nodes of nginx with Nchan that share one Redis. Installs what is missing where it can, and ends
// what it started.
import { NODES, needed } from './needed.mjs'

needed(...NODES)
process.env.PUSH_BY = 'nchan'
const { createServer } = await import('vite')
const server = await createServer({ configFile: new URL('../playground/vite.config.ts', import.meta.url).pathname })
await server.listen()
server.printUrls()
// Vite ends itself at SIGTERM, and at Ctrl-C would leave them behind.
process.once('SIGINT', () => void server.close().finally(() => process.exit()))
