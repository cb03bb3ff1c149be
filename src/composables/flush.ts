/**
 * When what came is written to where it is watched: at once, once a microtask, once a frame (while the page is hidden
 * there are none: then once in 250 ms), or once in so many ms.
 */
export type Flush = 'sync' | 'microtask' | 'frame' | number

/** Asks for a write, however often, and gets one. */
export interface Flusher {
  request(): void
  /** Forgets a write that is due. */
  cancel(): void
}

/** While a page is hidden no frame comes; what is written meanwhile is seen by nobody. In ms. */
const HIDDEN = 250

export function createFlusher(flush: Flush, write: () => void): Flusher {
  // Each request is told from the ones before a cancel by its number.
  let turn = 0
  let due = false
  const run = (asked: number) => {
    if (asked !== turn || !due) return
    due = false
    write()
  }
  const later = (asked: number): void => {
    if (flush === 'microtask') queueMicrotask(() => run(asked))
    else if (flush === 'frame' && typeof document !== 'undefined' && !document.hidden) requestAnimationFrame(() => run(asked))
    else setTimeout(() => run(asked), typeof flush === 'number' ? flush : HIDDEN)
  }
  return {
    request() {
      if (flush === 'sync') return write()
      if (due) return
      due = true
      later(turn)
    },
    cancel() {
      due = false
      turn += 1
    },
  }
}
