import { isText } from '../../wire/media-type.ts'
import type { PushError } from '../errors.ts'
import type { Payload } from '../events.ts'
import { KEPT_LENGTH, MAX_MESSAGE_BYTES, tooLarge } from './message-limit.ts'
import { joinBytes } from './join-bytes.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Collects a body that is one message, and emits it when it ends. It is a string if its type is text or absent and it is
 * valid UTF-8, otherwise bytes.
 *
 * A body above the limit, in bytes, has an error, and only its beginning is emitted. At twice the limit it is emitted and
 * its error is thrown.
 */
export function bodyCollector(
  contentType: string | null,
  emit: (data: Payload, error: PushError | undefined) => void,
  limit: number = MAX_MESSAGE_BYTES,
): { feed(chunk: Uint8Array): void; end(): void } {
  let chunks: Uint8Array[] = []
  let length = 0
  let error: PushError | undefined
  const end = () => {
    const body = joinBytes(chunks)
    emit(contentType && !isText(contentType) ? body : decode(body), error)
  }
  return {
    feed(chunk) {
      length += chunk.length
      if (!error) {
        chunks.push(chunk)
        if (length <= limit) return
        error = tooLarge(limit)
        chunks = [joinBytes(chunks).slice(0, KEPT_LENGTH)]
      }
      if (length <= limit * 2) return
      end()
      throw error
    },
    end,
  }
}

function decode(body: Uint8Array): Payload {
  try {
    return utf8.decode(body)
  } catch {
    return body
  }
}
