import type { RecentMessages } from '../events.ts'

/** How many messages are kept to recognise repeats. */
const MAX_MESSAGES = 1_000

/** How many characters or bytes they have in all; the last message is always kept. */
const MAX_LENGTH = 1_048_576

/**
 * Keeps the last messages, to recognise those that a server sends again.
 *
 * A message with a known cursor, and the same event and data, is a repeat, up to the cursor of the connection's request. It
 * cannot be distinguished from a new message if its event or data differ, if it follows a new message, or if several messages
 * have its cursor. That is one `gap`.
 */
export function recentMessages(): RecentMessages {
  const kept: Parameters<RecentMessages['add']>[0][] = []
  let length = 0

  return {
    add(message) {
      kept.push(message)
      length += message.data?.length ?? 0
      while (kept.length > MAX_MESSAGES || (length > MAX_LENGTH && kept.length > 1))
        length -= kept.shift()?.data?.length ?? 0
    },
    repetition(last) {
      // The server sends the messages after the resume position again. Subscribers have not received them.
      for (const { data } of kept.splice(kept.map(({ cursor }) => cursor).lastIndexOf(last) + 1))
        length -= data?.length ?? 0
      const known = new Map(kept.map((message) => [message.cursor, message]))
      const isUnique = known.size === kept.length
      let newMessages = 0
      let done = kept.length === 0

      return ({ cursor, event, data }) => {
        if (done) return 'new'
        const before = known.get(cursor)
        if (!before) {
          // A server that sends more messages than are kept begins with some that are not kept any more.
          newMessages += 1
          done = newMessages === MAX_MESSAGES
          return 'new'
        }
        const isRepeat = isUnique && newMessages === 0 && before.event === event && before.data === data
        done = !isRepeat || cursor === last
        if (isRepeat) return 'repeat'
        kept.length = length = 0
        return 'gap'
      }
    },
  }
}
