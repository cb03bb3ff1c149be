/** Control characters, line ends, unpaired surrogates, and marks that change the direction of the text after them. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu

/** The longest line of a refusal or of a log, in bytes. */
const MAX_LINE = 2_048

/** How much of a client's value a refusal repeats, in UTF-16 units. */
const MAX_QUOTED = 200

const ELLIPSIS = '…'

/**
 * Turns any text into one printable line of at most `maxBytes` bytes of UTF-8. It escapes unprintable characters as
 * `\u{...}`, and cuts a line that is too long between two characters.
 */
export function oneLine(text: string, maxBytes = MAX_LINE): string {
  // Every character takes a byte at least, so no character after the limit could stay.
  const line = text.slice(0, maxBytes + 1).replaceAll(UNPRINTABLE, escaped)
  const bytes = Buffer.from(line)
  if (bytes.length <= maxBytes) return line
  const kept = bytes.subarray(0, maxBytes - Buffer.byteLength(ELLIPSIS))
  // As a stream, the decoder omits a character whose end was cut off.
  return new TextDecoder().decode(kept, { stream: true }) + ELLIPSIS
}

/** Quotes the start of a client's value. */
export const quoted = (text: string): string => JSON.stringify(text.slice(0, MAX_QUOTED))

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
