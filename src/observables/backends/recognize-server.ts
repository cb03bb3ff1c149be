import { HEARTBEAT_HEADER, HUB_GREETING } from '../../wire/constants.ts'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { redactUrl } from '../internal/redact-url.ts'
import type { Backend, ServerSentEvent } from './backend.ts'

/** What gives a kind of server away. */
interface Signs {
  /** What to call to make the backend. */
  readonly backend: string
  /** Whether a response's head is of such a server, and of no other. */
  head?(headers: Headers): boolean
  /** An event of its own, by its name and what its data holds: for where the head is hidden, by EventSource or by CORS. */
  readonly event?: readonly [name: string, holds: string]
}

/** By the names of their backends. */
const SERVERS: Readonly<Record<string, Signs>> = {
  nchan: {
    backend: 'nchan()',
    // The hub says its heartbeat in every response; Nchan has places where others have quoted validators, and varies by them.
    head: (headers) =>
      headers.has(HEARTBEAT_HEADER) ||
      (/^[^"]+$/.test(headers.get('etag') ?? '') && /if-none-match/i.test(headers.get('vary') ?? '')),
    event: [HUB_GREETING, '"gaps"'],
  },
  'durable-streams': {
    backend: 'durableStreams()',
    head: (headers) =>
      ['Stream-Next-Offset', 'Stream-Cursor', 'Stream-Up-To-Date', 'Stream-SSE-Data-Encoding'].some((name) =>
        headers.has(name),
      ),
    event: ['control', '"streamNextOffset"'],
  },
  mercure: { backend: 'mercure()', head: (headers) => headers.has('Mercure-Last-Event-ID') },
  standard: { backend: 'standard()' },
}

/** How a frame of the hub's begins, in a frame whose head a page does not see. */
const HUB_FRAME = /^(id: \S+\n)?push: open\n\n\{/

/** Names of events that give a server away. */
export const TELLING_EVENTS: readonly string[] = Object.values(SERVERS).flatMap(({ event }) =>
  event ? [event[0]] : [],
)

/** The error for a response whose head is of a server that speaks another backend; a backend of one's own is trusted. */
export const otherServer = (backend: Backend | undefined, headers: Headers, url: string): PushError | undefined =>
  other(backend, ({ head }) => head?.(headers), url)

/** The same, for an event. */
export const otherServerByEvent = (backend: Backend | undefined, { event, data }: ServerSentEvent) =>
  event === undefined ? undefined : other(backend, ({ event: own }) => own && own[0] === event && data.includes(own[1]))

/** The same, for a frame that no backend was named for, or standard(). */
export const hubByFrame = (frame: string): PushError | undefined =>
  HUB_FRAME.test(frame) ? speaks('nchan()') : undefined

function other(
  backend: Backend | undefined,
  isOf: (signs: Signs) => boolean | undefined,
  url?: string,
): PushError | undefined {
  const own = SERVERS[backend?.name ?? 'standard']
  if (!own || isOf(own)) return undefined
  const found = Object.values(SERVERS).find(isOf)
  return found && speaks(found.backend, url)
}

const speaks = (backend: string, url?: string) =>
  new PushError(
    'unexpected-response',
    DEV &&
      `Unexpected response${url === undefined ? '' : ` from ${redactUrl(url)}`}: this server speaks another backend. Use ${backend}.`,
  )

/** The error for a response that lacks what every response of the backend's servers has. */
export const notOf = (servers: string, said: string): PushError =>
  new PushError(
    'unexpected-response',
    DEV &&
      `Unexpected response, not from ${servers}: ${said}. A captive portal or another server answered, or CORS does not expose the headers. Use standard() for a server that follows the standards alone.`,
  )
