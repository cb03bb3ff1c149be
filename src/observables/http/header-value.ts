const utf8 = /* @__PURE__ */ new TextEncoder()

/** What a header holds: visible characters and bytes above ASCII, and between them tabs and spaces. */
const HELD = /^[!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?$/

/**
 * Text as the value of a header: its bytes in UTF-8, a character each, which is what EventSource sends as `Last-Event-ID`.
 * Undefined where no header holds it: control characters, and spaces at its ends, which are taken off on the way. WebKit
 * encodes what it is given once more, so there no header holds more than ASCII.
 *
 * @see RFC 9110 section 5.5
 */
export function headerValue(text: string): string | undefined {
  const value = Array.from(utf8.encode(text), (byte) => String.fromCharCode(byte)).join('')
  return HELD.test(value) && (value === text || !isWebKit()) ? value : undefined
}

const isWebKit = (): boolean => String(globalThis.navigator?.vendor).startsWith('Apple')
