import { connect, type Socket } from 'node:net'
import { test } from 'vitest'
import { createHub } from 'pinia-push/hub'

const BODY = 'POST /push/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n'
const HEAD = `GET /push/a HTTP/1.1\r\nHost: localhost\r\nX-Slow: ${'a'.repeat(1_000)}`
const UPGRADE = `GET /push/a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Slow: ${'a'.repeat(1_000)}`
const LINE = `{"subscribe":"./${'a'.repeat(1_000)}`

/**
 * What is said at once, and what then comes a byte at a time, to which door. Those that last longest come first, because
 * some run at one time: nothing makes Node's clock for them go faster.
 */
const REQUESTS = [
  ['a body that stops', 'http', `${BODY}half`, ''],
  ['a body that trickles', 'http', BODY, 'x'.repeat(999)],
  ['no line', 'tcp', '', ''],
  ['a line that stops', 'tcp', LINE, ''],
  ['a line that trickles', 'tcp', '', LINE],
  ['nothing at all', 'http', '', ''],
  [
    'nothing, after a request that got its response',
    'http',
    'GET /push/a?wait=0 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    '',
  ],
  ['a head that stops', 'http', HEAD, ''],
  ['a head that trickles', 'http', '', HEAD],
  ['a head that trickles, of an upgrade', 'http', '', UPGRADE],
  [
    'a head that trickles, after a request that was answered',
    'http',
    'GET /push/a?wait=0 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    HEAD,
  ],
] as const

test.concurrent.for(REQUESTS)(
  '%s does not hold a connection',
  { timeout: 300_000 },
  async ([, door, atOnce, trickle], { expect, onTestFinished }) => {
    const hub = createHub()
    const { port, tcpPort = 0, close } = await hub.listen({ tcp: {} })
    onTestFinished(close)
    const socket = connect(door === 'http' ? port : tcpPort, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void socket.destroy())
    socket.resume().write(atOnce)
    const done = drip(socket, trickle)
    await new Promise<void>((resolve) => void socket.once('close', () => resolve()))
    done()
    expect(hub.state('a')?.messages ?? 0).toBe(0)
  },
)

/** Sends a byte every half second, until the returned function is called. */
function drip(socket: Socket, text: string): () => void {
  let at = 0
  const drops = setInterval(() => void (at < text.length && socket.write(text.charAt(at++))), 500)
  return () => clearInterval(drops)
}
