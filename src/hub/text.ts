/** Control characters, line ends, halves of surrogate pairs, and marks that turn the direction of what follows. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu

/** The longest line of a refusal or of a log, in bytes. */
const MAX_LINE = 2_048

/** The longest reason of a WebSocket's close frame, in bytes (RFC 6455 section 5.5). */
const MAX_CLOSE_REASON = 123

const ELLIPSIS = '…'

/**
 * Turns a text that may hold anything into one printable line of at most `maxBytes` bytes of UTF-8. What cannot be
 * printed is escaped as `\u{...}`; a line that is too long is cut between two characters.
 */
export function oneLine(text: string, maxBytes = MAX_LINE): string {
  // No character takes less than a byte, so nothing behind the limit could stay.
  const line = text.slice(0, maxBytes + 1).replaceAll(UNPRINTABLE, escaped)
  const bytes = Buffer.from(line)
  if (bytes.length <= maxBytes) return line
  const kept = bytes.subarray(0, maxBytes - Buffer.byteLength(ELLIPSIS))
  // As a stream, the decoder holds back a character of which the end was cut off.
  return new TextDecoder().decode(kept, { stream: true }) + ELLIPSIS
}

/** Fits a text into the reason of a close frame. */
export const closeReason = (text: string): string => oneLine(text, MAX_CLOSE_REASON)

/** Quotes what a client sent, as far as it helps to recognise it. */
export const quoted = (text: string): string => JSON.stringify(text.slice(0, 200))

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
