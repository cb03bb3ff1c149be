import { Observable } from 'rxjs'
import { emitTo } from '../backends/emit-to.ts'
import type { WebSocketBackend } from '../backends/backend.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardWebSocket } from '../backends/standard/frames.ts'
import { invalidSubprotocols } from '../backends/subprotocols.ts'
import { readFrame } from '../backends/unreadable-message.ts'
import { closeVerdict } from '../backends/verdict.ts'
import { PushError, fault, rejection, rejectionCode } from '../errors.ts'
import { ALIVE, type Payload, type SourceEvent } from '../events.ts'
import { checkNoHeaders } from '../http/check-request.ts'
import { checkNumbers } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { recordOptions } from '../internal/equal-options.ts'
import { errorMessage, redactUrl } from '../internal/redact-url.ts'
import type { PushRequest, Technique } from './technique.ts'

const NAME = 'webSocket'

export interface WebSocketOptions {
  /** The WebSocket constructor, for hosts without one (Node 20: the one of `ws`). @default globalThis.WebSocket */
  implementation?: typeof WebSocket
  /** The largest `bufferedAmount` at which `send` still accepts a message, in bytes. @default 1_048_576 (1 MiB) */
  maxBuffered?: number
}

/**
 * Receives and sends by one WebSocket, text and bytes.
 *
 * The server accepts the upgrade and one of the backend's subprotocols. A frame is a message; the backend defines how cursors,
 * gaps and the end of the channel are encoded. A close code is looked up in the backend's table: by default 1002, 1003,
 * 1007 to 1010, 3000, 3003, 4401 and 4403 are final, and every other code reconnects.
 *
 * WebSocket is not HTTP: some proxies reject, stall or drop it. A browser sends no headers with it, and hides the status
 * of a rejected upgrade.
 *
 * Errors with `network-error` if the upgrade fails, `connection-lost`, `cursor-lost`, `rejected` or `unauthorized` by close
 * code, and `headers-unsupported` if `prepareRequest` returns headers. `send` rejects with `buffer-full` above `maxBuffered`.
 *
 * @throws PushError `invalid-option` if `maxBuffered` is below zero.
 * @see RFC 6455, https://websockets.spec.whatwg.org/
 * @example createPushClient({ technique: webSocket(), backend: nchan() })
 */
export function webSocket({ implementation, maxBuffered = 1_048_576 }: WebSocketOptions = {}): Technique {
  checkNumbers('webSocket', { maxBuffered })
  const constructor = () => implementation ?? globalThis.WebSocket
  return recordOptions(webSocket, [implementation, maxBuffered], {
    name: NAME,
    isSupported: () => typeof constructor() === 'function',
    connect: (request) => connect(request, constructor(), maxBuffered),
  })
}

const connect = (
  { backend: named, ...target }: PushRequest,
  constructor: typeof WebSocket,
  maxBuffered: number,
): Observable<SourceEvent> =>
  new Observable((subscriber) => {
    checkNoHeaders(target.headers, DEV && 'WebSocket')
    const backend = selectPart(named, 'webSocket', standardWebSocket)
    const { ping } = backend
    const { url: address, namespace, resume } = backend.buildRequest(target)
    const url = address.replace(/^http/, 'ws')
    const socket = openSocket(constructor, url, backend.subprotocols, target.subprotocols)
    const emit = emitTo(subscriber)
    const frame = (data: Payload) => backend.frame(data)
    let opened = false

    const send = (data: Payload) => {
      if (socket.readyState !== socket.OPEN)
        throw new PushError('not-connected', DEV && 'Message not sent: the WebSocket is closing.')
      if (socket.bufferedAmount > maxBuffered)
        throw new PushError(
          'buffer-full',
          DEV && `Message not sent: ${socket.bufferedAmount} bytes wait in the WebSocket. Send again later.`,
        )
      socket.send(data as string | Uint8Array<ArrayBuffer>)
    }
    const open = (hello: Payload | undefined) => {
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
    const fail = (cause: unknown) => subscriber.error(fault(cause, 'prepare-failed', BACKEND_FAILED))

    socket.onopen = () => {
      opened = true
      try {
        const hello = backend.hello?.()
        if (!(hello instanceof Promise)) return open(hello)
        const failed = (cause: unknown) => fail(rejection(cause, 'prepare-failed', BACKEND_FAILED))
        hello.then(open, failed).catch(fail)
      } catch (cause) {
        fail(cause)
      }
    }
    socket.onmessage = ({ data: received }: MessageEvent<string | ArrayBuffer>) => {
      const data = typeof received === 'string' ? received : new Uint8Array(received)
      try {
        const reply = backend.reply?.(data)
        if (reply === undefined) return emit(readFrame(frame, data))
        send(reply)
        emit(ALIVE)
      } catch (cause) {
        fail(cause)
      }
    }
    // A page learns nothing from this event. `close` follows, and reports the failure.
    socket.onerror = () => {}
    socket.onclose = ({ code, reason: text }) => {
      const error = opened ? closeError(backend, url, code, text) : upgradeError(backend, url, code)
      if (error) subscriber.error(error)
      else subscriber.complete()
    }
    return () => {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close()
    }
  })

const BACKEND_FAILED = DEV && 'A function of the backend failed. Correct it.'

/** Starts to open a WebSocket that offers the backend's subprotocols, then the request's own. */
function openSocket(
  constructor: typeof WebSocket,
  url: string,
  subprotocols: readonly string[],
  requested: readonly string[] | undefined,
): WebSocket {
  const wrong = invalidSubprotocols(requested)
  if (wrong !== undefined)
    throw new PushError(
      'invalid-request',
      DEV && `WebSocket to "${redactUrl(url)}" not opened: \`subprotocols\` of \`prepareRequest\` ${wrong}.`,
    )
  try {
    const offered = new Set([...subprotocols, ...(requested ?? [])])
    const socket = new constructor(url, [...offered])
    socket.binaryType = 'arraybuffer'
    return socket
  } catch (cause) {
    throw new PushError('invalid-url', DEV && `WebSocket to "${redactUrl(url)}" not opened: ${errorMessage(cause)}.`, {
      cause,
    })
  }
}

/** The error for an upgrade that failed. A browser reports the close code alone, so the text lists the usual causes. */
function upgradeError({ subprotocols }: WebSocketBackend, url: string, code: number): PushError {
  return new PushError(
    'network-error',
    DEV &&
      `WebSocket to "${redactUrl(url)}" not opened (code ${code}): the server is down or rejected the upgrade (401, 403, 404), a proxy blocks it, or no subprotocol was agreed on. ${adviceOn(subprotocols)}`,
    { status: code },
  )
}

const adviceOn = (subprotocols: readonly string[]): string =>
  subprotocols.length > 0
    ? `The client offered the subprotocol ${subprotocols.join(', ')}: use standard() for a server that does not support it.`
    : 'The client offered no subprotocol: use nchan() for the hub and Nchan.'

/** The error for the close code of an open WebSocket; undefined if it ends the channel. */
function closeError({ closes }: WebSocketBackend, url: string, code: number, text: string): PushError | undefined {
  const verdict = closeVerdict(closes, code)
  if (verdict === 'end') return undefined
  return new PushError(
    verdict === 'final' ? rejectionCode(code) : verdict === 'gap' ? 'cursor-lost' : 'connection-lost',
    DEV && `WebSocket to "${redactUrl(url)}" closed by the server: code ${code}${text && `, "${text}"`}.`,
    { status: code },
  )
}
