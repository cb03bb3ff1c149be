/**
 * Delivers one event at a time, in order: an event that a delivery causes waits for its turn, so that no later reader
 * sees the two the other way round. `deliver` must not throw; RxJS subscribers do not.
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
    deliver(event)
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      for (const next of batch) deliver(next)
    }
    delivering = false
  }
}
