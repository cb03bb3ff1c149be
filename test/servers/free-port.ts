import { createServer, type Server } from 'node:net'

/**
 * Below the ports that the system gives to servers and connections by itself. Each process draws from a block of its own,
 * whose first port it holds as long as it lives: a port is drawn some time before its program listens, and meanwhile
 * another process may draw too.
 */
const FIRST = 15_000
const BLOCK = 800
const BLOCKS = 20

let block: Promise<number> | undefined
let drawn = 0

/** A port that nobody listens at, for a program that has to be told one. */
export async function freePort(): Promise<number> {
  const first = await (block ??= claim())
  for (;;) {
    drawn += 1
    const port = first + (drawn % BLOCK)
    const server = await listen(port)
    if (!server) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

async function claim(): Promise<number> {
  const start = Math.floor(Math.random() * BLOCKS)
  for (let n = 0; n < BLOCKS; n += 1) {
    const first = FIRST + ((start + n) % BLOCKS) * BLOCK
    const server = await listen(first)
    if (server) return (server.unref(), first)
  }
  throw new Error(`All ports from ${FIRST} to ${FIRST + BLOCK * BLOCKS} are taken`)
}

const listen = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined)).listen(port, '127.0.0.1', () => resolve(server))
  })
