/** Keeps the bytes of encoded messages, so that each encoding of a message is made once for all its subscribers. */
export interface EncodingCache {
  /** Returns the bytes of a message in an encoding, and calls `encode` if the cache does not have them. */
  get<Message extends object>(message: Message, encoding: string, encode: (message: Message) => Buffer): Buffer
  /** Removes all bytes. They are made again for subscribers that need them later. */
  clear(): void
}

/** Above this size the cache starts again, in bytes. */
const MAX_BYTES = 16_777_216

export function createEncodingCache(): EncodingCache {
  const encodings = new Map<string, Map<object, Buffer>>()
  let size = 0
  const clear = () => {
    encodings.clear()
    size = 0
  }
  return {
    get(message, encoding, encode) {
      const cached = encodings.get(encoding)?.get(message)
      if (cached) return cached
      const encoded = encode(message)
      if (size + encoded.length > MAX_BYTES) clear()
      size += encoded.length
      const messages = encodings.get(encoding)
      if (messages) messages.set(message, encoded)
      else encodings.set(encoding, new Map([[message, encoded]]))
      return encoded
    },
    clear,
  }
}
