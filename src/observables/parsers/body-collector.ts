import { isText } from '../../wire/media-type.ts'
import type { PushError } from '../errors.ts'
import type { Payload } from '../events.ts'
import { BEGINNING, MAX_MESSAGE_BYTES, tooLarge } from './message-limit.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Gathers a body that is one message: a string where its type is text, or absent, and it is UTF-8; bytes otherwise. A body
 * that is longer than the limit, in bytes, comes with an error, and is its beginning; one that does not end is told and
 * then thrown.
 */
export function wholeBody(
  contentType: string | null,
  tell: (data: Payload, error: PushError | undefined) => void,
  limit: number = MAX_MESSAGE_BYTES,
): { feed(chunk: Uint8Array): void; end(): void } {
  let chunks: Uint8Array[] = []
  let length = 0
  let error: PushError | undefined
  const end = () => {
    const body = joined(chunks)
    tell(contentType && !isText(contentType) ? body : decoded(body), error)
  }
  return {
    feed(chunk) {
      length += chunk.length
      if (!error) {
        chunks.push(chunk)
        if (length <= limit) return
        error = tooLarge(limit)
        chunks = [joined(chunks).slice(0, BEGINNING)]
      }
      if (length <= limit * 2) return
      end()
      throw error
    },
    end,
  }
}

function decoded(body: Uint8Array): Payload {
  try {
    return utf8.decode(body)
  } catch {
    return body
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array()] = chunks
  if (chunks.length < 2) return first
  const body = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.length
  }
  return body
}
