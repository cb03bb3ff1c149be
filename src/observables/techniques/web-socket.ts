import { Observable } from 'rxjs'
import { END, type Emit } from '../dialects/dialect.ts'
import { part } from '../dialects/part.ts'
import { plainWebSocket } from '../dialects/plain.ts'
import { closeVerdict } from '../dialects/verdict.ts'
import { PushError } from '../errors.ts'
import type { Payload, SourceEvent } from '../event.ts'
import { reason, shown } from '../in-words.ts'
import type { PushRequest, Technique } from '../technique.ts'
import { DEV } from '../dev.ts'

const NAME = 'webSocket'

export interface WebSocketOptions {
  /** The constructor, on hosts that have none (Node 20: that of `ws`). @default the host's */
  implementation?: typeof WebSocket
  /** What may wait in the socket before `send` says `buffer-full`, in bytes. @default 1 MiB */
  maxBuffered?: number
}

/**
 * WebSocket: one connection, both ways, text and bytes.
 *
 * Price: it is not HTTP, so some proxies refuse, hang or drop it; a browser sends no header with it and hides why it
 * failed.
 *
 * @see RFC 6455, https://websockets.spec.whatwg.org/
 * @example createPushClient({ via: webSocket(), dialect: nchan() })
 */
export function webSocket({ implementation, maxBuffered = 1_048_576 }: WebSocketOptions = {}): Technique {
  const constructor = () => implementation ?? globalThis.WebSocket
  return {
    name: NAME,
    isSupported: () => typeof constructor() === 'function',
    connect: ({ dialect: named, ...target }: PushRequest) =>
      new Observable<SourceEvent>((subscriber) => {
        const fail = (...error: ConstructorParameters<typeof PushError>) => subscriber.error(new PushError(...error))
        const [header] = Object.keys(target.headers)
        if (header !== undefined) {
          return fail(
            'headers-unsupported',
            DEV && `WebSocket cannot send the header ${header}: put the value into the query`,
          )
        }
        const dialect = part(named, 'webSocket', plainWebSocket)
        const { url, space, continuity } = dialect.address(target)
        let socket: WebSocket
        try {
          socket = new (constructor())(url.replace(/^http/, 'ws'), [...dialect.subprotocols])
        } catch (cause) {
          return fail('invalid-url', DEV && `${shown(url)} cannot be a WebSocket's: ${reason(cause)}`, { cause })
        }
        socket.binaryType = 'arraybuffer'
        const emit: Emit = (event) => (event === END ? subscriber.complete() : subscriber.next(event))
        let opened = false

        const send = (data: Payload) => {
          if (socket.readyState !== socket.OPEN) throw new PushError('send-lost', DEV && 'the WebSocket is closing')
          if (socket.bufferedAmount > maxBuffered)
            throw new PushError('buffer-full', DEV && `${socket.bufferedAmount} bytes wait to be sent`)
          socket.send(data as string | Uint8Array<ArrayBuffer>)
        }
        // Why it failed is hidden from a page; `close` follows and says as much.
        socket.onerror = () => {}
        socket.onopen = () => {
          opened = true
          emit({ type: 'open', technique: NAME, space, resumed: continuity === 'resumed', send })
        }
        socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
          try {
            emit(dialect.frame(typeof data === 'string' ? data : new Uint8Array(data)))
          } catch (cause) {
            fail('unexpected-answer', DEV && `${shown(url)} sent a frame that cannot be read: ${reason(cause)}`, {
              cause,
            })
          }
        }
        socket.onclose = ({ code, reason: said }) => {
          if (!opened) {
            // A browser tells a page no more than the code; so these are what it usually is.
            return fail(
              'unreachable',
              DEV &&
                `${shown(url)} opened no WebSocket (${code}): the server is down or refused it (401, 403, 404), a proxy does not pass it, or the subprotocol was not agreed on`,
              { status: code },
            )
          }
          const verdict = closeVerdict(dialect.closes, code)
          if (verdict === 'end') subscriber.complete()
          else
            fail(
              verdict === 'final' ? 'refused' : verdict === 'gap' ? 'cursor-lost' : 'lost',
              DEV && `${shown(url)} closed the WebSocket: ${code} ${said}`,
              { status: code },
            )
        }
        return () => {
          socket.onopen = socket.onmessage = socket.onclose = null
          socket.close()
        }
      }),
  }
}
