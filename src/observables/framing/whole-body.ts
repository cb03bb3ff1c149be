import type { Payload } from '../event.ts'
import { TEXT_TYPE } from '../../protocol.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Gathers a body that is one message: a string where its type is text, or absent, and it is UTF-8; bytes otherwise. */
export function wholeBody(contentType: string | null): { feed(chunk: Uint8Array): void; end(): Payload } {
  const chunks: Uint8Array[] = []
  let length = 0
  return {
    feed(chunk) {
      chunks.push(chunk)
      length += chunk.length
    },
    end() {
      const [first = new Uint8Array()] = chunks
      let body = first
      if (chunks.length > 1) {
        body = new Uint8Array(length)
        let at = 0
        for (const chunk of chunks) {
          body.set(chunk, at)
          at += chunk.length
        }
      }
      if (contentType && !TEXT_TYPE.test(contentType)) return body
      try {
        return utf8.decode(body)
      } catch {
        return body
      }
    },
  }
}
