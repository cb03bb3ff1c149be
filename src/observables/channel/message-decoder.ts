import type { Definition } from './define-channel.ts'
import { asPushError, type PushError } from '../errors.ts'
import type { PushEvent, SourceMessage } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { tooLarge } from '../parsers/message-limit.ts'

export interface MessageDecoderOptions extends Pick<Definition, 'decode' | 'sequence'> {
  /** The backend's order of cursors. */
  compare: ((a: string, b: string) => number | undefined) | undefined
  /** How long one message may be, in bytes. */
  maxMessageBytes: number
  emit: (event: PushEvent<unknown>) => void
  /** Called with an error that every later message would have, too. */
  fail: (error: PushError) => void
}

/**
 * Converts received payloads to a channel's `message`, or `invalid`. If messages have numbers, it drops
 * repeats and emits a `gap` before a message that does not follow.
 */
export function messageDecoder({ decode, sequence, compare, maxMessageBytes, emit, fail }: MessageDecoderOptions) {
  const sequenceCheck = sequence?.()
  let lastCursor: string | undefined

  const isEarlier = (cursor: string | undefined, than: string | undefined) =>
    than !== undefined && cursor !== undefined && (compare?.(cursor, than) ?? 1) <= 0

  return {
    next({ data: raw, event, cursor, error: unreadable }: SourceMessage): void {
      const before = lastCursor
      lastCursor = cursor
      let data: unknown
      try {
        if (unreadable) throw unreadable
        if (raw.length > maxMessageBytes) throw tooLarge(maxMessageBytes)
        data = decode(raw)
        const order = sequenceCheck?.follow(data, isEarlier(cursor, before))
        if (order === 'repeat') return
        if (order === 'gap') emit({ type: 'gap', reason: 'sequence' })
      } catch (cause) {
        const error = asPushError(
          cause,
          'invalid-message',
          DEV && 'Message not decoded. Correct `decode` or the publisher.',
        )
        return error.code === 'async-schema' ? fail(error) : emit({ type: 'invalid', error, raw, cursor })
      }
      emit({ type: 'message', data, event, cursor })
    },

    /** There is a new connection; `hasGap`: and readers got a gap, so that any number may follow. */
    interrupted: (hasGap: boolean) => sequenceCheck?.interrupted(hasGap),

    /** The channel begins again, for other readers. */
    reset() {
      lastCursor = undefined
      sequenceCheck?.interrupted(true)
    },
  }
}
