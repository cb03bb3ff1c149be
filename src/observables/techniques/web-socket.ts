import { Observable } from 'rxjs'
import { checkNumbers } from '../internal/check-options.ts'
import { END, type Emit } from '../backends/backend.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardWebSocket } from '../backends/standard.ts'
import { wrongNames } from '../backends/subprotocols.ts'
import { closeVerdict } from '../backends/verdict.ts'
import { PushError, fault, rejection, rejectionCode } from '../errors.ts'
import { ALIVE, type Payload, type SourceEvent } from '../events.ts'
import { errorMessage, redactUrl } from '../internal/redact-url.ts'
import type { PushRequest, Technique } from './technique.ts'
import { readFrame } from '../backends/unreadable-message.ts'
import { DEV } from '../internal/dev.ts'
import { recordOptions } from '../internal/equal-options.ts'

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
 * @throws PushError `invalid-option` where `maxBuffered` is below zero.
 * @see RFC 6455, https://websockets.spec.whatwg.org/
 * @example createPushClient({ technique: webSocket(), backend: nchan() })
 */
export function webSocket({ implementation, maxBuffered = 1_048_576 }: WebSocketOptions = {}): Technique {
  checkNumbers('webSocket', { maxBuffered })
  const constructor = () => implementation ?? globalThis.WebSocket
  return recordOptions(webSocket, [implementation, maxBuffered], {
    name: NAME,
    isSupported: () => typeof constructor() === 'function',
    connect: ({ backend: named, ...target }: PushRequest) =>
      new Observable<SourceEvent>((subscriber) => {
        const fail = (...error: ConstructorParameters<typeof PushError>) => subscriber.error(new PushError(...error))
        const [header] = Object.keys(target.headers)
        if (header !== undefined) {
          return fail(
            'headers-unsupported',
            DEV && `WebSocket cannot send the header ${header}: put the value into the query`,
          )
        }
        const backend = selectPart(named, 'webSocket', standardWebSocket)
        const { ping } = backend
        const { url: address, namespace, resume } = backend.buildRequest(target)
        const url = address.replace(/^http/, 'ws')
        const wrong = wrongNames(target.subprotocols)
        if (wrong !== undefined) {
          return fail(
            'invalid-request',
            DEV && `No WebSocket to ${redactUrl(url)} can be opened: \`subprotocols\` of \`prepareRequest\` ${wrong}.`,
          )
        }
        const offered = new Set([...backend.subprotocols, ...(target.subprotocols ?? [])])
        let socket: WebSocket
        try {
          socket = new (constructor())(url, [...offered])
        } catch (cause) {
          return fail('invalid-url', DEV && `${redactUrl(url)} cannot be a WebSocket's: ${errorMessage(cause)}`, {
            cause,
          })
        }
        socket.binaryType = 'arraybuffer'
        const emit: Emit = (event) => (event === END ? subscriber.complete() : subscriber.next(event))
        let opened = false
        const frame = (data: Payload) => backend.frame(data)

        const send = (data: Payload) => {
          if (socket.readyState !== socket.OPEN)
            throw new PushError('not-connected', DEV && 'The WebSocket is closing.')
          if (socket.bufferedAmount > maxBuffered)
            throw new PushError('buffer-full', DEV && `${socket.bufferedAmount} bytes wait to be sent`)
          socket.send(data as string | Uint8Array<ArrayBuffer>)
        }
        const broken = DEV && 'A function of the backend failed'
        const guarded = (step: () => void) => {
          try {
            step()
          } catch (cause) {
            subscriber.error(fault(cause, 'prepare-failed', broken))
          }
        }
        // Why it failed is hidden from a page; `close` follows and says as much.
        socket.onerror = () => {}
        const open = (hello?: Payload) => {
          if (subscriber.closed) return
          if (hello !== undefined) send(hello)
          emit({
            type: 'open',
            technique: NAME,
            namespace,
            resumed: resume === 'yes',
            send,
            ...(ping && { ping: { ...ping, send: () => send(ping.send()) } }),
          })
        }
        socket.onopen = () => {
          opened = true
          guarded(() => {
            const hello = backend.hello?.()
            if (!(hello instanceof Promise)) return open(hello)
            hello.then(
              (first) => guarded(() => open(first)),
              (cause: unknown) => subscriber.error(rejection(cause, 'prepare-failed', broken)),
            )
          })
        }
        socket.onmessage = ({ data: received }: MessageEvent<string | ArrayBuffer>) => {
          const data = typeof received === 'string' ? received : new Uint8Array(received)
          guarded(() => {
            const answer = backend.reply?.(data)
            if (answer === undefined) return emit(readFrame(frame, data))
            send(answer)
            emit(ALIVE)
          })
        }
        socket.onclose = ({ code, reason: said }) => {
          if (!opened) {
            // A browser tells a page no more than the code; so these are what it usually is.
            return fail(
              'network-error',
              DEV &&
                `${redactUrl(url)} opened no WebSocket (${code}): the server is down or refused it (401, 403, 404), a proxy does not pass it, or the subprotocol was not agreed on (${backend.subprotocols.length > 0 ? `offered: ${backend.subprotocols.join(', ')}; a server that does not know it needs another backend, standard() where it follows the standards alone` : 'none was offered; the hub and Nchan need nchan()'})`,
              { status: code },
            )
          }
          const verdict = closeVerdict(backend.closes, code)
          if (verdict === 'end') subscriber.complete()
          else
            fail(
              verdict === 'final' ? rejectionCode(code) : verdict === 'gap' ? 'cursor-lost' : 'connection-lost',
              DEV && `${redactUrl(url)} closed the WebSocket: ${code} ${said}`,
              { status: code },
            )
        }
        return () => {
          socket.onopen = socket.onmessage = socket.onclose = null
          socket.close()
        }
      }),
  })
}
