import type { RecentMessages } from '../events.ts'

/** How many messages are kept to recognise repeats, and of how many characters or bytes in all. */
const MOST = 1_000
const MOST_LENGTH = 1_048_576

/**
 * Keeps the last messages. Messages that repeat known ones, cursor, event and data, are repeats, up to the one that the connection
 * was to resume from. Where a known cursor comes with another event or other data, or after a new message, or names several messages,
 * nothing tells repeats from news: that is a `gap`, once.
 */
export function recentMessages(): RecentMessages {
  const kept: Parameters<RecentMessages['add']>[0][] = []
  let length = 0

  return {
    add(message) {
      kept.push(message)
      length += message.data?.length ?? 0
      while (kept.length > MOST || (length > MOST_LENGTH && kept.length > 1)) length -= kept.shift()?.data?.length ?? 0
    },
    repetition(last) {
      // What came after it was not taken, and is asked for again.
      for (const { data } of kept.splice(kept.map(({ cursor }) => cursor).lastIndexOf(last) + 1))
        length -= data?.length ?? 0
      const known = new Map(kept.map((message) => [message.cursor, message]))
      const unique = known.size === kept.length
      let news = 0
      let done = kept.length === 0

      return ({ cursor, event, data }) => {
        if (done) return 'new'
        const before = known.get(cursor)
        if (!before) {
          // A server that sends more than is kept here begins with what is not known any more.
          news += 1
          done = news === MOST
          return 'new'
        }
        const repeats = unique && news === 0 && before.event === event && before.data === data
        done = !repeats || cursor === last
        if (repeats) return 'repeat'
        kept.length = length = 0
        return 'gap'
      }
    },
  }
}
