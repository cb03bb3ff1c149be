// Without `ignoreBOM` a decoder drops the first character of a message that begins with U+FEFF.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Decodes UTF-8. A leading U+FEFF is kept, and invalid bytes become U+FFFD. */
export const decodeUtf8 = (bytes: Uint8Array): string => utf8.decode(bytes)
