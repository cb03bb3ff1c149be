import type { Refusal } from '../http/http-errors.ts'
import type { Sender } from './sessions.ts'

/** A token that a client sends in place of the one that its request carries. */
export interface TokenReplacement {
  readonly token: string
  readonly replaces: string
}

/** Visible ASCII, so that it is one word of a header: it can neither change the scheme nor add a header. */
const TOKEN = /^[!-~]{1,8192}$/

/** The longest query, as text: about as much as a request can carry. A query may have the token many times. */
const MAX_QUERY = 16_384

const BEARER = /^(bearer +)(.*)$/i

/**
 * Returns a request with another token: as the credentials of `Authorization: Bearer` (RFC 6750), and as the whole value
 * of a query parameter. Nothing else changes. Returns a refusal if the request does not carry the token.
 */
export function replaceToken({ client, query }: Sender, { token, replaces }: TokenReplacement): Sender | Refusal {
  if (!TOKEN.test(token)) return INVALID
  const { headers } = client
  const [, scheme = '', credentials] = BEARER.exec(headers.authorization ?? '') ?? []
  const inHeader = replaces !== '' && credentials === replaces
  const inQuery = replaces !== '' && [...query.values()].includes(replaces)
  if (!inHeader && !inQuery) return NOT_CARRIED
  const parameters = [...query].map(([name, value]) => [name, value === replaces ? token : value] as [string, string])
  const replaced = inQuery ? new URLSearchParams(parameters) : query
  if (inQuery && String(replaced).length > MAX_QUERY) return TOO_LONG
  return {
    client: inHeader ? { ...client, headers: { ...headers, authorization: scheme + token } } : client,
    query: replaced,
  }
}

const INVALID: Refusal = {
  status: 400,
  message: 'Invalid `token`: it has 1 to 8,192 characters of visible ASCII. Open another session with it.',
}
const NOT_CARRIED: Refusal = {
  status: 400,
  message:
    'Token not replaced: the request of the session does not carry `replaces`. It is replaced in `Authorization: Bearer` and in the query. Open another session.',
}
const TOO_LONG: Refusal = {
  status: 400,
  message: `Token not replaced: the query would be longer than ${MAX_QUERY} characters. Open another session.`,
}
