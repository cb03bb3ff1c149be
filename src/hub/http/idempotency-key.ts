import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { IDEMPOTENCY_KEY } from '../../wire/constants.ts'
import type { Publication } from '../channels/message.ts'
import type { Client } from '../security/identify-client.ts'
import type { Refusal } from './http-errors.ts'

/** The longest key, in characters. */
const MAX_KEY = 255

/** A String of RFC 8941 section 3.3.3. */
const STRING = /^"((?:[ !#-[\]-~]|\\["\\])+)"$/

const INVALID: Refusal = {
  status: 400,
  message: `Invalid ${IDEMPOTENCY_KEY}: it is not a string. Send 1 to ${MAX_KEY} printable ASCII characters in quotes.`,
}

/** Returns the key of a request, or why it is refused. Undefined: the request has none. */
export function idempotencyKey({ headers }: IncomingMessage): string | Refusal | undefined {
  const value = headers[IDEMPOTENCY_KEY.toLowerCase()]
  if (value === undefined) return undefined
  const [, key = ''] = STRING.exec(String(value)) ?? []
  return key === '' || key.length > MAX_KEY ? INVALID : key
}

/**
 * Names the caller of a request by its address, `Authorization`, cookies and query, so that a key finds no outcomes of
 * another caller. Clients of one address that identify by another header are one caller: their keys have to be random. The
 * name is longer than that of a publisher of a session, so that no session can use it.
 */
export function callerOf({ headers, limitKey }: Client, query: URLSearchParams): string {
  const { authorization, cookie } = headers
  return `caller ${digest(JSON.stringify([limitKey, authorization, cookie, String(query)]))}`
}

/** Identifies a message: a key that is sent with another one is refused. */
export const contentOf = (channel: string, { body, contentType, event }: Publication): string =>
  digest(JSON.stringify([channel, contentType, event]), body)

function digest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  // JSON has no NUL, so that no two lists of parts are equal.
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}
