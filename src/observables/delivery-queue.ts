/**
 * Delivers one event at a time, in order: an event that a delivery causes waits for its turn, so that no later reader
 * sees the two the other way round.
 */
export function deliveryQueue<E>(deliver: (event: E) => void): (event: E) => void {
  let waiting: E[] = []
  let delivering = false
  return (event) => {
    if (delivering) {
      waiting.push(event)
      return
    }
    delivering = true
    try {
      deliver(event)
      while (waiting.length > 0) {
        const batch = waiting
        waiting = []
        for (const next of batch) deliver(next)
      }
    } finally {
      delivering = false
    }
  }
}
