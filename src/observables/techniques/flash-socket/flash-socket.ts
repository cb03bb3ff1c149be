import { Observable } from 'rxjs'
import {
  ALIVE,
  DEV,
  PushError,
  checkNumbers,
  emitTo,
  recordOptions,
  readFrame,
  redactUrl,
  rejectedResponse,
  selectPart,
  standardLines,
  encodeBase64,
  type Payload,
  type PushErrorCode,
  type PushRequest,
  type RefusedLine,
  type SourceEvent,
  type Technique,
} from '../../kit.ts'
import { playerPool, type LendPlayer } from './player-pool.ts'
import type { FlashSocket } from './player.ts'

const NAME = 'flashSocket'

/** How much is handed to the player at once, in characters: it becomes one frame. */
const MOST_AT_ONCE = 65_536

export interface FlashSocketOptions {
  /**
   * The WebSocket that tunnels to the TCP server, relative to the channel's URL. The hub's is the path of its channels:
   * `./` where their names have no slash.
   * @default '/push/'
   */
  proxyUrl?: string
  /** What the SWF asks for; the tunnel decides where it leads. @default 'localhost' */
  host?: string
  /** @default 7781 */
  port?: number
  /** Where the page finds the files of `@ruffle-rs/ruffle`, with a slash at its end. @default '/ruffle/' */
  publicPath?: string
  /** Loads Ruffle's script instead, from `publicPath` or wherever you have it. @default a script element does */
  load?: () => Promise<unknown>
  /** How long a player is kept that nobody uses, in ms. @default 10_000 */
  disconnectDelay?: number
}

/**
 * Flash Socket: a SWF of a few kB, run by Ruffle in WebAssembly, opens a TCP connection, which a WebSocket tunnels
 * through the page's own port. Messages are lines, both ways, and any number comes at once: in bursts it is several
 * times as fast as a WebSocket whose messages are frames.
 *
 * Price: Ruffle, 5 MB, which nothing loads before the first subscription (raise `connectTimeout` where it takes longer than
 * five seconds); messages come frame by frame of the screen, up to 17 ms late. It sends no header. It runs under
 * `script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'`; a page that is hidden goes on only with `worker-src blob:`.
 *
 * @throws PushError `invalid-option` where a number is out of its range. A connection errors with `unsupported` where
 * Ruffle is not at `publicPath`, or WebAssembly is forbidden.
 * @see https://ruffle.rs/
 * @example
 * import { flashSocket } from 'pinia-push/flash-socket'
 * createPushClient({ technique: flashSocket({ publicPath: '/ruffle/' }), backend: nchan() })
 */
export function flashSocket({
  proxyUrl = '/push/',
  host = 'localhost',
  port = 7781,
  publicPath = '/ruffle/',
  load,
  disconnectDelay = 10_000,
}: FlashSocketOptions = {}): Technique {
  checkNumbers('flashSocket', { disconnectDelay })
  checkNumbers('flashSocket', { port }, 1)
  const lend = playerPool({ host, port, publicPath, load }, disconnectDelay)
  return recordOptions(flashSocket, [proxyUrl, host, port, publicPath, load, disconnectDelay], {
    name: NAME,
    isSupported: () => typeof document === 'object' && typeof WebAssembly === 'object',
    connect: (request) => connect(request, proxyUrl, lend),
  })
}

const connect = (
  { backend, scheduler, ...target }: PushRequest,
  proxyUrl: string,
  lend: LendPlayer,
): Observable<SourceEvent> =>
  new Observable((subscriber) => {
    const fail = (code: PushErrorCode, said: string | false, cause?: unknown) =>
      subscriber.error(new PushError(code, said && `${redactUrl(target.url)}: ${said}`, { technique: NAME, cause }))
    const [header] = Object.keys(target.headers)
    if (header !== undefined)
      return fail(
        'headers-unsupported',
        DEV && `a socket cannot carry the header ${header}: put the value into the query`,
      )

    const lines = selectPart(backend, 'lines', standardLines)
    const address = lines.buildRequest(target)
    const { namespace, resume } = address
    const proxy = new URL(proxyUrl, address.url).href.replace(/^http/, 'ws')
    let socket: FlashSocket | undefined
    let opened = false
    let waiting: string[] = []
    let size = 0

    const emit = emitTo(subscriber)
    const flush = () => {
      const joined = waiting.join('')
      waiting = []
      size = 0
      if (joined !== '' && !subscriber.closed && !socket?.send(joined))
        fail('connection-lost', DEV && 'the socket is gone')
    }
    // What is sent in one go travels in one go: a call into the player costs more than a message.
    const write = (line: string) => {
      if (waiting.push(`${line}\n`) === 1) queueMicrotask(flush)
      size += line.length
      if (size > MOST_AT_ONCE) flush()
    }
    const send = (data: Payload) => {
      if (subscriber.closed) throw new PushError('not-connected', DEV && 'The socket is closing.')
      write(lines.write(typeof data === 'string' ? { text: data } : { base64: encodeBase64(data) }))
    }
    const open = () => {
      if (!opened) emit({ type: 'open', technique: NAME, namespace, resumed: resume === 'yes', send })
      opened = true
    }
    const refuse = ({ status, headers = {}, body = '' }: RefusedLine) => {
      const answer = new Response(body, { status, headers })
      subscriber.add(rejectedResponse(answer, lines.verdict(answer), { url: address.url }).subscribe(subscriber))
    }
    const readLine = (line: string) => lines.line(line)
    const read = (line: string) => {
      const said = readFrame(readLine, line)
      if (typeof said === 'object' && 'status' in said) return refuse(said)
      open()
      emit(said)
    }

    const lent = lend(proxy, scheduler).subscribe({
      next(player) {
        socket = player.connect({
          up() {
            const request = lines.request(reference(address.url, proxy))
            if (request !== undefined) write(request)
            if (!lines.expectsGreeting) open()
          },
          part: () => emit(ALIVE),
          lines(text) {
            emit(ALIVE)
            for (const line of text.split('\n')) {
              if (subscriber.closed) return
              read(line)
            }
          },
          gone: (said) =>
            opened
              ? fail('connection-lost', DEV && `the socket is gone: ${said}`)
              : fail(
                  'network-error',
                  DEV &&
                    `no socket opened through ${redactUrl(proxy)} (${said}): the TCP server or its tunnel is down, or the tunnel refused this page`,
                ),
        })
      },
      error: (cause: unknown) => subscriber.error(cause),
    })
    return () => {
      socket?.close()
      lent.unsubscribe()
    }
  })

/** A channel's URL, relative to the tunnel's where it lies below: what stands between may know both by other paths. */
function reference(url: string, tunnel: string): string {
  const { pathname, search } = new URL(url)
  const above = new URL(tunnel).pathname
  return (pathname.startsWith(above) ? `./${pathname.slice(above.length)}` : pathname) + search
}
