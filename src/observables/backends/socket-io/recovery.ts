/** How many offsets are remembered, to recognise events that the server sends again. */
const REMEMBERED = 1_000

/**
 * Keeps the state of connection state recovery between the connections of a session: the private id, the last offset, and
 * the last cursor of each topic that the session receives. If the server has no recovery, topics have no cursor.
 */
export function recovery() {
  let pid: string | undefined
  let lastOffset: string | undefined
  /** The last cursor of each topic that this session receives. */
  let topics = new Map<string, string>()
  /** The topics of the last connection, while the server restores it. */
  let restored: ReadonlyMap<string, string> | undefined
  const offsets = new Set<string>()

  /** The present position of the session. */
  const present = () => (pid === undefined ? undefined : (lastOffset ?? pid))

  return {
    /** Returns what asks the server to restore the session. */
    request: () => (pid !== undefined && lastOffset !== undefined ? { pid, offset: lastOffset } : {}),
    /** The server accepted the namespace. Returns whether it restored the session: its private id is the same. */
    connected(next: string | undefined): boolean {
      const isSame = pid !== undefined && next === pid
      restored = isSame ? topics : undefined
      topics = new Map()
      pid = next
      if (isSame) return true
      lastOffset = undefined
      offsets.clear()
      return false
    },
    /** The topics that were subscribed at once are restored. Those that follow begin now. */
    settled: () => void (restored = undefined),
    /** Whether the server restored a topic right after this cursor. */
    resumes: (topic: string, cursor: string | undefined) => cursor !== undefined && restored?.get(topic) === cursor,
    /** The session receives a topic from now on. Returns its position. */
    begin(topic: string): string | undefined {
      const cursor = restored?.get(topic) ?? present()
      if (cursor !== undefined) topics.set(topic, cursor)
      return cursor
    },
    /** The session does not receive a topic any more. */
    end: (topic: string) => void topics.delete(topic),
    /** Removes the offset from the arguments of an event: with recovery it is the last one. */
    takeOffset(args: unknown[]): string | undefined {
      const last = args.at(-1)
      if (pid === undefined || typeof last !== 'string') return undefined
      args.pop()
      return last
    },
    /** Whether an event is not one that the server sends again. */
    isNew: (offset: string | undefined) => offset === undefined || !offsets.has(offset),
    /** Moves the session and a topic to an event. Returns the topic's position. */
    move(topic: string | false, offset: string | undefined): string | undefined {
      if (offset !== undefined) {
        lastOffset = offset
        offsets.add(offset)
        const [oldest] = offsets
        if (offsets.size > REMEMBERED && oldest !== undefined) offsets.delete(oldest)
        if (topic && topics.has(topic)) topics.set(topic, offset)
      }
      return topic ? topics.get(topic) : undefined
    },
  }
}
