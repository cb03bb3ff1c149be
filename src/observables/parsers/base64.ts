/** Decodes Base64 (RFC 4648 section 4). Throws if the text is not Base64. */
export const decodeBase64 = (encoded: string): Uint8Array =>
  Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))

/** Encodes bytes as Base64 (RFC 4648 section 4). */
export const encodeBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
