const utf8 = /* @__PURE__ */ new TextEncoder()

/** A field value (RFC 9110 section 5.5): visible characters and bytes above ASCII, with tabs and spaces in between. */
const FIELD_VALUE = /^[!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?$/

/**
 * Returns text as the value of a header: its UTF-8 bytes, one character each, as EventSource sends `Last-Event-ID`.
 * Undefined if no header can contain it: control characters, or spaces at its ends, which are removed in transit.
 * WebKit encodes the value once more, so there only ASCII is returned.
 *
 * @see RFC 9110 section 5.5
 */
export function headerValue(text: string): string | undefined {
  const value = Array.from(utf8.encode(text), (byte) => String.fromCharCode(byte)).join('')
  return FIELD_VALUE.test(value) && (value === text || !isWebKit()) ? value : undefined
}

const isWebKit = (): boolean => String(globalThis.navigator?.vendor).startsWith('Apple')
