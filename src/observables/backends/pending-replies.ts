/** How many replies are awaited. A server that never replies must not fill the memory. */
const MOST = 1_000

/** Keeps who waits for the reply to which request. */
export function pendingReplies<Id, Waiting>() {
  const waiting = new Map<Id, Waiting>()
  return {
    add(id: Id, who: Waiting) {
      waiting.set(id, who)
      const [oldest] = waiting.keys()
      if (waiting.size > MOST && oldest !== undefined) waiting.delete(oldest)
    },
    /** Returns who waits for a reply, which has arrived. */
    take(id: Id): Waiting | undefined {
      const who = waiting.get(id)
      waiting.delete(id)
      return who
    },
  }
}
