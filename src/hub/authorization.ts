import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Answer } from './negotiate.ts'
import type { Refusal } from './refusal.ts'

/** What somebody wants to do. */
export interface AuthorizeRequest {
  readonly action: 'subscribe' | 'publish' | 'delete' | 'state' | 'tunnel'
  /** Its name; of a tunnel, its path. */
  readonly channel: string
  /** How a subscriber is going to be answered; `web-socket` and `json-lines` too where one publishes by it. */
  readonly technique: Exclude<Answer, 'state'> | 'web-socket' | 'json-lines' | undefined
  readonly method: string
  /** By TCP alone there are none; through the hub's tunnel they are the upgrade's. */
  readonly headers: IncomingHttpHeaders
  readonly query: URLSearchParams
  /** The peer's, or what `address` made of it. */
  readonly address: string
}

/** `true`: yes; `false`: 403; or the answer itself. */
export type AuthorizeAnswer =
  | boolean
  | { readonly status: 401 | 403; readonly reason?: string; readonly headers?: OutgoingHttpHeaders }

/**
 * Decides who may do what. What throws, rejects or takes longer than ten seconds is no yes: the client is told to come
 * back later (503).
 *
 * @example authorize: async ({ query, channel }) => (await mayRead(query.get('token'), channel)) || { status: 401 }
 */
export type Authorize = (request: AuthorizeRequest) => AuthorizeAnswer | Promise<AuthorizeAnswer>

/** In ms. */
const WITHIN = 10_000

const UNDECIDED: Refusal = {
  status: 503,
  line: 'whether this is allowed cannot be said now: come back later',
  headers: { 'Retry-After': 5 },
}

/** Asks the hook. Undefined: yes; it is a promise only where there is a hook, so that without one nothing waits. */
export function authorization(
  authorize: Authorize | undefined,
  request: AuthorizeRequest,
): Promise<Refusal | undefined> | undefined {
  if (!authorize) return undefined
  return new Promise((resolve) => {
    const impatience = setTimeout(resolve, WITHIN, UNDECIDED)
    const decide = async () => authorize(request)
    decide()
      .then(refusal, () => UNDECIDED)
      .then((decided) => {
        clearTimeout(impatience)
        resolve(decided)
      })
  })
}

function refusal(answer: AuthorizeAnswer): Refusal | undefined {
  if (answer === true) return undefined
  // What is neither a yes nor a known no is a no.
  const { status = 403, reason, headers = {} } = typeof answer === 'object' && answer !== null ? answer : {}
  return { status, headers, line: reason ?? (status === 401 ? 'say who you are' : 'this is not allowed') }
}
