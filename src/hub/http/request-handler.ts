import type { IncomingMessage, ServerResponse } from 'node:http'
import { isUnder, parseSessionTarget, parseTarget, type Route } from './route.ts'
import type { Intent } from '../connections/admit.ts'
import { PREFLIGHT_HEAD, commonHead, crossOriginHead, sendJson } from './responses.ts'
import { requestedParent, type Parent } from '../encoders/forever-frame.ts'
import { idempotencyKey } from './idempotency-key.ts'
import { respondInOrder } from './pipelining.ts'
import { negotiate } from './negotiate.ts'
import { handlePost } from './publish-handler.ts'
import { NOT_FOUND, refusalOf, sendRefusal, type Refusal } from './http-errors.ts'
import type { HubContext } from '../hub-context.ts'
import { handleGet, type ChannelRequest } from './subscribe-handler.ts'
import { handleSessionGet, handleSessionPost, type SessionRequest } from '../sessions/session-requests.ts'

/** Creates the handler of HTTP requests. It returns false if the hub has nothing at the request's target. */
export function createRequestHandler(
  context: HubContext,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { path, heartbeat, identify, admission, stalls, report } = context
  return (request, response) => {
    // Guards before the hub saw the whole path, also if a framework strips the path at which the hub is mounted.
    const target = [originalUrl(request), request.url].find((url) => url !== undefined && isUnder(url, path))
    if (target === undefined) return false
    if (response.headersSent) {
      report(
        `A request for ${target} reached the hub after its response was sent. Call \`handle\` once, and send no response elsewhere.`,
      )
      return true
    }
    respondInOrder(request, response, stalls, () => admit(request, response, target))
    return true
  }

  function admit(request: IncomingMessage, response: ServerResponse, target: string): void {
    const { route, session, parent, key, invalid } = parse(request, target, path)
    const client = identify(request, [request.headers.origin, parent?.origin])
    const { crossOrigin = undefined } = 'status' in client ? {} : client
    const head = { Vary: 'Accept, Origin', ...commonHead(heartbeat), ...(crossOrigin && crossOriginHead(crossOrigin)) }
    for (const [name, value] of Object.entries(head)) if (value !== undefined) response.setHeader(name, value)
    // Nothing is posted to a parent whose origin was refused.
    const allowedParent = 'status' in client ? undefined : parent
    const refuse = (refusal: Refusal) => sendRefusal(response, refusal, allowedParent)
    admission.admit({
      client,
      invalid,
      intent: route && intentOf(request, route),
      connection: response,
      refuse,
      serve(admitted) {
        const own = { client: admitted, parent: allowedParent }
        const refusal = session
          ? handleSession(context, request, response, { query: session, ...own })
          : route && handle(context, request, response, { route, key, ...own })
        if (refusal) refuse(refusal)
      },
    })
  }

  /** Parses what a request is about, or returns why it is not valid. */
  function parse(request: IncomingMessage, target: string, path: string): ParsedRequest {
    try {
      const session = parseSessionTarget(target, path)
      const route = session ? undefined : parseTarget(target, path)
      const query = session ?? route?.query
      const parent = request.method === 'GET' && query ? requestedParent(query) : undefined
      if (typeof parent === 'string') return { invalid: { status: 403, message: parent } }
      const key = request.method === 'POST' && route ? idempotencyKey(request) : undefined
      return typeof key === 'object' ? { invalid: key } : { route, session, parent, key }
    } catch (error) {
      return { invalid: refusalOf(error, report) }
    }
  }
}

interface ParsedRequest {
  readonly route?: Route | undefined
  /** The query of a request for a session. */
  readonly session?: URLSearchParams | undefined
  readonly parent?: Parent | undefined
  readonly key?: string | undefined
  readonly invalid?: Refusal
}

/** Returns the target as the client sent it, if a framework strips the path at which the hub is mounted. */
function originalUrl(request: IncomingMessage & { readonly originalUrl?: unknown }): string | undefined {
  return typeof request.originalUrl === 'string' ? request.originalUrl : undefined
}

/** Returns what the client wants to do. Undefined: the method does nothing that needs permission. */
function intentOf(request: IncomingMessage, { name: channel, query }: Route): Intent | undefined {
  const { method = '' } = request
  const kind = method === 'GET' ? negotiate(request, query) : undefined
  const action = kind === undefined ? ACTIONS.get(method) : kind === 'state' ? 'state' : 'subscribe'
  return action && { action, channel, technique: kind === 'state' ? undefined : kind, method, query }
}

const ACTIONS: ReadonlyMap<string, 'publish' | 'delete'> = new Map([
  ['POST', 'publish'],
  ['DELETE', 'delete'],
])

/** Handles a request for a session. Each of its channels needs permission, and the session itself none. */
function handleSession(
  context: HubContext,
  request: IncomingMessage,
  response: ServerResponse,
  session: SessionRequest,
): Refusal | undefined {
  switch (request.method) {
    case 'GET':
      return handleSessionGet(context, request, response, session)
    case 'POST':
      handleSessionPost(context, request, response, session)
      return undefined
    case 'OPTIONS':
      sendPreflight(response)
      return undefined
    default:
      return notAllowed(request, 'GET or POST', 'GET, POST, OPTIONS')
  }
}

/** Handles a request for a channel that was admitted, or returns why it is refused. */
function handle(
  context: HubContext,
  request: IncomingMessage,
  response: ServerResponse,
  channelRequest: ChannelRequest,
): Refusal | undefined {
  const { route } = channelRequest
  switch (request.method) {
    case 'GET':
      return handleGet(context, request, response, channelRequest)
    case 'POST':
      handlePost(context, request, response, channelRequest)
      return undefined
    case 'DELETE': {
      const lastState = context.registry.delete(route.name)
      if (!lastState) return NOT_FOUND
      sendJson(response, 200, lastState)
      return undefined
    }
    case 'OPTIONS':
      sendPreflight(response)
      return undefined
    default:
      return notAllowed(request, 'GET, POST or DELETE', 'GET, POST, DELETE, OPTIONS')
  }
}

function sendPreflight(response: ServerResponse): void {
  response.writeHead(204, PREFLIGHT_HEAD)
  response.end()
}

const notAllowed = ({ method }: IncomingMessage, use: string, allow: string): Refusal => ({
  status: 405,
  message: `Method ${method} not allowed. Use ${use}.`,
  headers: { Allow: allow },
})
