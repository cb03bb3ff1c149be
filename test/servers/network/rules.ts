import type { IncomingMessage } from 'node:http'

/** What a network tells apart: an upgrade, an answer that does not end, and one that does. */
export const KINDS = ['upgrade', 'stream', 'poll'] as const
export type Kind = (typeof KINDS)[number]

/**
 * What a network does to one kind of connection; to those that stand as well.
 *
 * - `pass`: nothing; what was held goes on.
 * - `refuse`: answers 403.
 * - `reset`: resets the connection.
 * - `hang`: never answers.
 * - `flap`: lets it open, and resets it shortly after.
 * - `black-hole`: lets it open, and then passes nothing in either direction, and closes nothing.
 * - `buffer`: passes the head of an answer and holds its bytes back.
 * - `empty`: answers at once, 200 with nothing in it.
 */
export const RULES = ['pass', 'refuse', 'reset', 'hang', 'flap', 'black-hole', 'buffer', 'empty'] as const
export type Rule = (typeof RULES)[number]

/** The kind of a request below `path`; undefined for all others, which no rule concerns. */
export function kindOf({ method, url = '', headers: { upgrade, accept = '' } }: IncomingMessage, path: string) {
  const { pathname, searchParams } = new URL(url, 'http://network')
  if (method !== 'GET' || !pathname.startsWith(path)) return undefined
  if (upgrade !== undefined) return 'upgrade' satisfies Kind
  const streams = /\b(text\/event-stream|multipart\/mixed)\b/i.test(accept) || searchParams.has('frame')
  return (streams ? 'stream' : 'poll') satisfies Kind
}
