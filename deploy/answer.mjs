// How the guard reads what `authorize` answers. It may throw, reject, hang or answer anything.
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** @typedef {{ status: number, reason?: string, headers?: Record<string, number | string | readonly string[]> }} Answer */

/**
 * In UTF-16 units, so 3,000 bytes at most: a worker of Nchan's aborts, with all its connections, if the body of a refusal
 * is longer than one buffer of nginx's (4 KiB).
 */
const MAX_REASON = 1_000
/** All headers of a refusal together, in characters: nginx reads a head into one buffer too. */
const MAX_HEADERS = 2_048
/** Control characters, line ends, halves of surrogate pairs, and marks that turn the direction of what follows. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/u
/** Headers that describe the body or the connection, or send nginx elsewhere. */
const FRAMING = /^(connection|content-.*|date|keep-alive|te|trailer|transfer-encoding|upgrade|x-accel-.*)$/i

/**
 * Reads an answer as the hub does: `true`, `false`, or a refusal.
 *
 * @param {unknown} given
 * @returns {Answer}
 * @throws {TypeError} It is anything else, or has headers that cannot be sent.
 */
export function toAnswer(given) {
  if (given === true) return { status: 200 }
  if (given === false) return { status: 403, reason: 'Forbidden' }
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`authorize returned ${typeof given}. ${EXPECTED}`)
  const { status, reason, headers = {} } = /** @type {Record<string, unknown>} */ (given)
  if (status !== 401 && status !== 403) throw new TypeError(`authorize returned another status. ${EXPECTED}`)
  if (reason !== undefined && !isReason(reason))
    throw new TypeError(`authorize returned a reason that cannot be sent. ${EXPECTED}`)
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers)
    throw new TypeError(`authorize returned headers that are not an object of names and values. ${EXPECTED}`)
  const byDefault = status === 401 ? 'Authentication required' : 'Forbidden'
  return { status, reason: reason ?? byDefault, headers: toHeaders(headers) }
}

const EXPECTED = `Return true, false, or { status: 401 | 403, reason?: one line of up to ${MAX_REASON} characters, headers? }.`

/** @param {unknown} reason @returns {reason is string} */
const isReason = (reason) => typeof reason === 'string' && reason.length <= MAX_REASON && !UNPRINTABLE.test(reason)

/** @param {object} given */
function toHeaders(given) {
  /** @type {Record<string, string | string[]>} */
  const headers = {}
  let length = 0
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    if (FRAMING.test(name)) throw new TypeError(`authorize returned the header ${name}, which is the guard's own.`)
    validateHeaderName(name)
    const values = [value].flat()
    for (const each of values) {
      if (typeof each !== 'string' && typeof each !== 'number')
        throw new TypeError(`authorize returned a value of ${name} that is neither a string nor a number.`)
      validateHeaderValue(name, String(each))
      length += name.length + String(each).length
    }
    headers[name] = values.map(String)
  }
  if (length > MAX_HEADERS)
    throw new TypeError(`authorize returned headers of ${length} characters. At most ${MAX_HEADERS} can be sent.`)
  return headers
}

/**
 * Rejects if a promise takes too long.
 *
 * @template T
 * @param {number} timeout In ms.
 * @param {() => Promise<T>} act
 */
export async function within(timeout, act) {
  const over = new AbortController()
  const late = delay(timeout, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no answer within ${timeout} ms`)
  })
  try {
    return await Promise.race([act(), late])
  } finally {
    over.abort()
  }
}

/** One line of a log, bounded, whatever was thrown. @param {string} trouble @param {unknown} [cause] */
export function logLine(trouble, cause) {
  const text = cause === undefined ? trouble : `${trouble}: ${textOf(cause)}`
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 500)
}

/** @param {unknown} thrown */
function textOf(thrown) {
  try {
    // fetch says why it failed in the cause.
    return thrown instanceof Error && thrown.cause !== undefined ? `${thrown} (${thrown.cause})` : `${thrown}`
  } catch {
    return 'something that cannot be shown as text'
  }
}
