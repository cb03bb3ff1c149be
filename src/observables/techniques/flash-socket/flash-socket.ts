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
import { playerPool, type AcquirePlayer } from './player-pool.ts'
import type { FlashSocket } from './player.ts'

const NAME = 'flashSocket'

/** The limit of one call to the player, in characters. It becomes one frame. */
const MAX_BATCH_CHARS = 65_536

export interface FlashSocketOptions {
  /**
   * The URL of the WebSocket that tunnels to the TCP server, relative to the channel's URL. For the hub it is the path of
   * its channels: `./` if their names have no slash.
   * @default '/push/'
   */
  proxyUrl?: string
  /** The host that the SWF connects to. The tunnel decides which server that is. @default 'localhost' */
  host?: string
  /** The port that the SWF connects to. @default 7781 */
  port?: number
  /** The path of the files of `@ruffle-rs/ruffle`, with a slash at its end. @default '/ruffle/' */
  publicPath?: string
  /** Loads Ruffle's script. @default adds a script element for `ruffle.js` in `publicPath` */
  load?: () => Promise<unknown>
  /** How long an unused player is kept, in ms. @default 10_000 */
  disconnectDelay?: number
}

/**
 * Connects by TCP from a SWF that Ruffle runs in WebAssembly. A WebSocket tunnels the connection through the page's port.
 * Messages are lines in both directions. Because many lines arrive at once, bursts are several times as fast as by
 * WebSocket.
 *
 * Cost: Ruffle has 5 MB, and is loaded at the first subscription. Raise `connectTimeout` if that takes longer than five
 * seconds. Messages arrive with the frames of the screen, up to 17 ms late. Headers cannot be sent.
 *
 * The page's CSP needs `script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'`. In a hidden page it continues only with
 * `worker-src blob:`.
 *
 * @throws PushError `invalid-option` if a number is out of its range. A connection errors with `unsupported` if Ruffle is
 * not at `publicPath`, or WebAssembly is forbidden.
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
  const acquire = playerPool({ host, port, publicPath, load }, disconnectDelay)
  return recordOptions(flashSocket, [proxyUrl, host, port, publicPath, load, disconnectDelay], {
    name: NAME,
    isSupported: () => typeof document === 'object' && typeof WebAssembly === 'object',
    connect: (request) => connect(request, proxyUrl, acquire),
  })
}

const connect = (
  { backend, scheduler, ...target }: PushRequest,
  proxyUrl: string,
  acquire: AcquirePlayer,
): Observable<SourceEvent> =>
  new Observable((subscriber) => {
    const fail = (code: PushErrorCode, text: string | false) =>
      subscriber.error(
        new PushError(code, text && `Connection to "${redactUrl(target.url)}" ${text}`, { technique: NAME }),
      )
    const [header] = Object.keys(target.headers)
    if (header !== undefined)
      return fail(
        'headers-unsupported',
        DEV && `not opened: a socket cannot send the header "${header}". Put its value into \`query\`.`,
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
        fail('connection-lost', DEV && 'lost: the socket was closed. The client reconnects.')
    }
    // Lines written at once are sent at once, because a call into the player costs more than a line.
    const write = (line: string) => {
      if (waiting.push(`${line}\n`) === 1) queueMicrotask(flush)
      size += line.length
      if (size > MAX_BATCH_CHARS) flush()
    }
    const send = (data: Payload) => {
      if (subscriber.closed) throw new PushError('not-connected', DEV && 'Message not sent: the socket is closing.')
      write(lines.write(typeof data === 'string' ? { text: data } : { base64: encodeBase64(data) }))
    }
    const open = () => {
      if (!opened) emit({ type: 'open', technique: NAME, namespace, resumed: resume === 'yes', send })
      opened = true
    }
    const reject = ({ status, headers = {}, body = '' }: RefusedLine) => {
      const response = new Response(body, { status, headers })
      subscriber.add(rejectedResponse(response, lines.verdict(response), { url: address.url }).subscribe(subscriber))
    }
    const readLine = (line: string) => lines.line(line)
    const read = (line: string) => {
      const event = readFrame(readLine, line)
      if (typeof event === 'object' && 'status' in event) return reject(event)
      open()
      emit(event)
    }

    const player = acquire(proxy, scheduler).subscribe({
      next(running) {
        socket = running.connect({
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
          gone: (reason) =>
            opened
              ? fail('connection-lost', DEV && `lost: the socket was closed, "${reason}". The client reconnects.`)
              : fail(
                  'network-error',
                  DEV &&
                    `not opened: no socket through "${redactUrl(proxy)}", "${reason}". Check the TCP server, its tunnel, and whether the tunnel allows this page.`,
                ),
        })
      },
      error: (cause: unknown) => subscriber.error(cause),
    })
    return () => {
      socket?.close()
      player.unsubscribe()
    }
  })

/** Returns a channel's URL, relative to the tunnel's if it is below. A proxy may map both to other paths. */
function reference(url: string, tunnel: string): string {
  const { pathname, search } = new URL(url)
  const above = new URL(tunnel).pathname
  return (pathname.startsWith(above) ? `./${pathname.slice(above.length)}` : pathname) + search
}
