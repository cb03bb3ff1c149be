import { HEARTBEAT_HEADER, HUB_GREETING } from '../../wire/constants.ts'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { redactUrl } from '../internal/redact-url.ts'
import type { Backend, ServerSentEvent } from './backend.ts'

/** The signs by which a kind of server is recognized. */
interface Signs {
  /** Returns whether only such a server sends this head. */
  head?(headers: Headers): boolean
  /** An event of its own, by its name and a part of its data. For heads that EventSource or CORS hides. */
  readonly event?: readonly [name: string, holds: string]
}

/** The known servers, by the names of their backends. */
const SERVERS: Readonly<Record<string, Signs>> = {
  nchan: {
    // The hub sends its heartbeat in every response. Nchan's validators are not quoted, and its responses vary by them.
    head: (headers) =>
      headers.has(HEARTBEAT_HEADER) ||
      (/^[^"]+$/.test(headers.get('etag') ?? '') && /if-none-match/i.test(headers.get('vary') ?? '')),
    event: [HUB_GREETING, '"gaps"'],
  },
  'durable-streams': {
    head: (headers) =>
      ['Stream-Next-Offset', 'Stream-Cursor', 'Stream-Up-To-Date', 'Stream-SSE-Data-Encoding'].some((name) =>
        headers.has(name),
      ),
    event: ['control', '"streamNextOffset"'],
  },
  mercure: { head: (headers) => headers.has('Mercure-Last-Event-ID') },
  standard: {},
}

/** The beginning of the hub's first frame. */
const HUB_FRAME = /^(id: \S+\n)?push: open\n\n\{/

/** The names of events by which a server is recognized. */
export const TELLING_EVENTS: readonly string[] = /* @__PURE__ */ eventNames()

function eventNames(): string[] {
  return Object.values(SERVERS).flatMap(({ event }) => (event ? [event[0]] : []))
}

/** Returns the error for a response that needs another backend. Backends of an application are not checked. */
export const otherServer = (backend: Backend | undefined, headers: Headers, url: string): PushError | undefined =>
  other(backend, ({ head }) => head?.(headers), url)

/** Returns the error for an event that needs another backend. */
export const otherServerByEvent = (backend: Backend | undefined, { event, data }: ServerSentEvent) =>
  event === undefined ? undefined : other(backend, ({ event: own }) => own && own[0] === event && data.includes(own[1]))

/** Returns the error for a frame of the hub, where no backend or standard() is used. */
export const otherServerByFrame = (frame: string): PushError | undefined =>
  HUB_FRAME.test(frame) ? otherBackend('nchan') : undefined

function other(
  backend: Backend | undefined,
  isOf: (signs: Signs) => boolean | undefined,
  url?: string,
): PushError | undefined {
  const own = SERVERS[backend?.name ?? 'standard']
  if (!own || isOf(own)) return undefined
  const found = Object.entries(SERVERS).find(([, signs]) => isOf(signs))
  return found && otherBackend(found[0], url)
}

/** The calls that create the backends whose names are not those of their functions. */
const CALLS: Readonly<Record<string, string>> = { 'durable-streams': 'durableStreams' }

const otherBackend = (backend: string, url?: string) =>
  new PushError(
    'unexpected-response',
    DEV &&
      `Unexpected response${url === undefined ? '' : ` from "${redactUrl(url)}"`}: this server needs another backend. Use ${CALLS[backend] ?? backend}().`,
  )

/** Returns the error for a response that the backend's servers would not send. */
export const unexpectedServer = (servers: string | false, cause: string | false): PushError =>
  new PushError(
    'unexpected-response',
    DEV &&
      `Unexpected response, not from ${servers}: ${cause}. Check for a captive portal, another server, or headers that CORS does not expose. Use standard() for a server that only follows the standards.`,
  )
