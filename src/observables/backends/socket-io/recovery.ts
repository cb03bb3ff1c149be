/** How many offsets are remembered, to recognise events that the server sends again. */
const REMEMBERED = 1_000

/**
 * Keeps the state of connection state recovery between the connections of a session: the private id, the last offset, and
 * the position of each topic that the session receives. If the server has no recovery, topics have no cursor.
 *
 * The offset of an event is its last argument. Not each event has one (a volatile one has none), and nothing but its place
 * distinguishes an offset from data. It is therefore never removed from the arguments. Where data was taken for an offset,
 * the server does not restore the session, and each topic emits a `gap`.
 */
export function recovery() {
  let pid: string | undefined
  let lastOffset: string | undefined
  let count = 0
  /** The position of each topic that this session receives. */
  let topics = new Map<string, string>()
  /** The topics of the last connection, while the server restores it. */
  let restored: ReadonlyMap<string, string> | undefined
  /** Those of them that were not subscribed again. */
  let unread = new Set<string>()
  const offsets = new Set<string>()

  return {
    /** Returns what asks the server to restore the session. */
    request: () => (pid !== undefined && lastOffset !== undefined ? { pid, offset: lastOffset } : {}),
    /** The server accepted the namespace. Returns whether it restored the session: its private id is the same. */
    connected(next: string | undefined): boolean {
      const isSame = pid !== undefined && next === pid
      restored = isSame ? topics : undefined
      unread = new Set(restored?.keys())
      topics = new Map()
      pid = next
      if (isSame) return true
      lastOffset = undefined
      offsets.clear()
      return false
    },
    /** The topics that were subscribed at once are restored, and others begin now. Returns the topics that nobody reads. */
    settled(): ReadonlySet<string> {
      restored = undefined
      return unread
    },
    /** A topic is subscribed. */
    read: (topic: string) => void unread.delete(topic),
    /** Whether the server restored a topic right after this cursor. */
    resumes: (topic: string, cursor: string | undefined) => cursor !== undefined && restored?.get(topic) === cursor,
    /** The session receives a topic from now on. Returns its position. */
    begin(topic: string): string | undefined {
      const cursor = pid === undefined ? undefined : (restored?.get(topic) ?? `${pid}/${count}`)
      if (cursor !== undefined) topics.set(topic, cursor)
      return cursor
    },
    /** The session does not receive a topic any more. */
    end: (topic: string) => void topics.delete(topic),
    /** Notes the offset of an event. Returns whether the event is one that the server sends again. */
    note(args: readonly unknown[], isRestoring: boolean): boolean {
      const offset = args.at(-1)
      if (pid === undefined || typeof offset !== 'string') return false
      if (isRestoring && offsets.has(offset)) return true
      offsets.add(offset)
      const [oldest] = offsets
      if (offsets.size > REMEMBERED && oldest !== undefined) offsets.delete(oldest)
      // The only argument may be data. An event without data that is sent again is recognised.
      if (args.length > 1 || isRestoring) lastOffset = offset
      return false
    },
    /** Moves a topic to the next event. Returns its position. */
    move(topic: string): string | undefined {
      if (topics.has(topic)) topics.set(topic, `${pid}/${(count += 1)}`)
      return topics.get(topic)
    },
  }
}
