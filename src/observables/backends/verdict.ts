/**
 * States how the connection continues after a response.
 *
 * - `accept`: read the response.
 * - `again`: there is no new message; request again.
 * - `retry`: the server is not available; retry when the retry policy allows it.
 * - `gap`: the requested cursor is gone; emit a `gap` and begin without it.
 * - `end`: the channel has ended.
 * - `final`: the request is rejected, and a retry cannot help.
 */
export type Verdict = (typeof WORDS)[number]

const WORDS = ['accept', 'again', 'retry', 'gap', 'end', 'final'] as const

/** All verdicts, to check options. */
export const VERDICTS: ReadonlySet<unknown> = /* @__PURE__ */ new Set(WORDS)

/** A verdict for every HTTP status: the exact one, else its class. */
export type StatusTable = Readonly<Record<'1xx' | '2xx' | '3xx' | '4xx' | '5xx', Verdict>> &
  Readonly<Partial<Record<number, Verdict>>>

/** A verdict for every WebSocket close code (RFC 6455 section 7.4): the exact one, else its range. */
export type CloseTable = Readonly<Record<'protocol' | 'registered' | 'private', Verdict>> &
  Readonly<Partial<Record<number, Verdict>>>

/** The verdicts by RFC 9110 section 15. A backend has a table of its own where its server differs. */
export const STANDARD_STATUSES: StatusTable = {
  '1xx': 'retry',
  '2xx': 'accept',
  '3xx': 'final',
  304: 'again',
  '4xx': 'final',
  408: 'again',
  412: 'gap',
  425: 'retry',
  429: 'retry',
  '5xx': 'retry',
  501: 'final',
  505: 'final',
}

/** The verdict that only event streams have: 204 ends them (WHATWG HTML section 9.2.3). */
export const EVENT_STREAM_END: Readonly<Partial<Record<number, Verdict>>> = { 204: 'end' }

/** The verdicts on the registered close codes. A clean close (1000) ends the connection and not the channel. */
export const STANDARD_CLOSES: CloseTable = {
  protocol: 'retry',
  1002: 'final',
  1003: 'final',
  1007: 'final',
  1008: 'final',
  1009: 'final',
  1010: 'final',
  1011: 'retry',
  1012: 'retry',
  1013: 'retry',
  registered: 'retry',
  3000: 'final',
  3003: 'final',
  private: 'retry',
  // By convention, the HTTP statuses 401 and 403.
  4401: 'final',
  4403: 'final',
}

/** Returns the verdict on an HTTP status. A status that has no class counts as a server error. */
export function statusVerdict(table: StatusTable, status: number): Verdict {
  const exact = table[status]
  if (exact) return exact
  if (status < 200) return table['1xx']
  if (status < 300) return table['2xx']
  if (status < 400) return table['3xx']
  if (status < 500) return table['4xx']
  return table['5xx']
}

/** Returns the verdicts on HTTP statuses by the standards, with exceptions. Of two exceptions for a status the later counts. */
export const statusVerdicts = (
  ...exceptions: readonly Partial<StatusTable>[]
): ((head: { status: number }) => Verdict) => {
  const table: StatusTable = Object.assign({}, STANDARD_STATUSES, ...exceptions)
  return ({ status }) => statusVerdict(table, status)
}

/** Returns the verdict on a close code: 1000-2999 is the protocol's, 3000-3999 registered, the rest private. */
export function closeVerdict(table: CloseTable, code: number): Verdict {
  return table[code] ?? table[code < 3000 ? 'protocol' : code < 4000 ? 'registered' : 'private']
}
