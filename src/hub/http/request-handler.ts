import type { IncomingMessage, ServerResponse } from 'node:http'
import { isUnder, parseTarget, type Address } from './route.ts'
import type { Intent } from '../connections/admit.ts'
import { PREFLIGHT_HEAD, answerJson, commonHead, crossOriginHead } from './responses.ts'
import { requestedParent, type Parent } from '../encoders/forever-frame.ts'
import { inTurn } from './in-turn.ts'
import { negotiate } from './negotiate.ts'
import { publishPost } from './publish-handler.ts'
import { refusalOf, refuse, type Refusal } from './http-errors.ts'
import type { Serving } from '../serving.ts'
import { answerGet, type Asked } from './subscribe-handler.ts'

/** Answers HTTP requests; false: it is not the hub's. */
export function createRequestHandler(
  serving: Serving,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { path, heartbeat, admission, stalls, report } = serving
  return (request, response) => {
    // Under a mount path that was stripped, the guards before the hub saw the whole one.
    const target = [originalUrl(request), request.url].find((url) => url !== undefined && isUnder(url, path))
    if (target === undefined) return false
    if (response.headersSent) {
      report(
        `a request for ${target} was answered before it reached the hub: hand it over once, and answer it nowhere else`,
      )
      return true
    }
    inTurn(request, response, stalls, () => admit(request, response, target))
    return true
  }

  function admit(request: IncomingMessage, response: ServerResponse, target: string): void {
    const { about, parent, invalid } = read(request, target, path)
    const client = admission.identify(request, [request.headers.origin, parent?.origin])
    const { crossOrigin = undefined } = 'status' in client ? {} : client
    const head = { Vary: 'Accept, Origin', ...commonHead(heartbeat), ...(crossOrigin && crossOriginHead(crossOrigin)) }
    for (const [name, value] of Object.entries(head)) if (value !== undefined) response.setHeader(name, value)
    // A frame is told only to a parent that may have it.
    const told = 'status' in client ? undefined : parent
    const no = (refusal: Refusal) => refuse(response, refusal, told)
    admission.admit({
      client,
      invalid,
      intent: about && intentOf(request, about),
      connection: response,
      refuse: no,
      serve() {
        if (!about || 'status' in client) return
        const refusal = answer(serving, request, response, { about, client, parent: told })
        if (refusal) no(refusal)
      },
    })
  }

  /** What a request asks for, and why it cannot be read. */
  function read(request: IncomingMessage, target: string, path: string): Read {
    try {
      const about = parseTarget(target, path)
      const parent = request.method === 'GET' ? requestedParent(about.query) : undefined
      return typeof parent === 'string' ? { invalid: { status: 403, line: parent } } : { about, parent }
    } catch (error) {
      return { invalid: refusalOf(error, report) }
    }
  }
}

interface Read {
  readonly about?: Address
  readonly parent?: Parent | undefined
  readonly invalid?: Refusal
}

/** The target as the client sent it, where a framework strips the path that the hub is mounted at. */
function originalUrl(request: IncomingMessage & { readonly originalUrl?: unknown }): string | undefined {
  return typeof request.originalUrl === 'string' ? request.originalUrl : undefined
}

/** What `authorize` is asked; undefined for a method that does nothing. */
function intentOf(request: IncomingMessage, { name: channel, query }: Address): Intent | undefined {
  const { method = '' } = request
  const asked = method === 'GET' ? negotiate(request, query) : undefined
  const action = asked === undefined ? ACTIONS.get(method) : asked === 'state' ? 'state' : 'subscribe'
  return action && { action, channel, technique: asked === 'state' ? undefined : asked, method, query }
}

const ACTIONS: ReadonlyMap<string, 'publish' | 'delete'> = new Map([
  ['POST', 'publish'],
  ['DELETE', 'delete'],
])

/** Answers what is allowed, or says why not. */
function answer(
  serving: Serving,
  request: IncomingMessage,
  response: ServerResponse,
  asked: Asked,
): Refusal | undefined {
  const { about, client } = asked
  switch (request.method) {
    case 'GET':
      return answerGet(serving, request, response, asked)
    case 'POST':
      publishPost(serving, request, response, about.name, client)
      return undefined
    case 'DELETE': {
      const last = serving.registry.delete(about.name)
      if (!last) return { status: 404, line: 'no such channel' }
      answerJson(response, 200, last)
      return undefined
    }
    case 'OPTIONS':
      response.writeHead(204, PREFLIGHT_HEAD)
      response.end()
      return undefined
    default:
      return {
        status: 405,
        line: `${request.method} is not for channels`,
        headers: { Allow: 'GET, POST, DELETE, OPTIONS' },
      }
  }
}
