/** A parameter of a media type: `parameter('multipart/mixed; boundary="x"', 'boundary')` is `x`. */
export function parameter(contentType: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^\\s;]+))`, 'i').exec(contentType)
  return match?.[1] ?? match?.[2]
}

// A decoder without `ignoreBOM` would eat a message's first character where that is U+FEFF.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** UTF-8 as it is, a leading U+FEFF included. */
export const text = (bytes: Uint8Array): string => utf8.decode(bytes)

/** Base64 (RFC 4648 section 4) to bytes. */
export const base64 = (encoded: string): Uint8Array =>
  Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))

/** The other way round. */
export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
