/** What messages are written as, by carrier: worked out once, and shared by all who are sent it. */
export interface Spellings {
  of<Message extends object>(message: Message, carrier: string, write: (message: Message) => Buffer): Buffer
  /** Forgets all, to be worked out again for those who come late. */
  clear(): void
}

/** In bytes. */
const MOST = 16_777_216

export function createSpellings(): Spellings {
  const carriers = new Map<string, Map<object, Buffer>>()
  let bytes = 0
  const clear = () => {
    carriers.clear()
    bytes = 0
  }
  return {
    of(message, carrier, write) {
      const known = carriers.get(carrier)?.get(message)
      if (known) return known
      const written = write(message)
      if (bytes + written.length > MOST) clear()
      bytes += written.length
      const spelled = carriers.get(carrier)
      if (spelled) spelled.set(message, written)
      else carriers.set(carrier, new Map([[message, written]]))
      return written
    },
    clear,
  }
}
