import { createServer } from 'node:net'

/**
 * Below those that the system hands out by itself, to servers and to each connection: one of them could be another's before
 * the program that it is for has it, and a test would speak to that one.
 */
const [FIRST, LAST] = [15_000, 32_000]

/** A port that nobody listens at now, for a program that has to be told one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (await isFree(port)) return port
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
