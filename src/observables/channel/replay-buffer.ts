import type { PushGap, PushMessage } from '../events.ts'

type Past = PushMessage<unknown> | PushGap

export interface ReplayBuffer {
  add(event: Past): void
  clear(): void
  events(): readonly Past[]
}

/** The last messages, for late readers, with the gaps between them. A message costs the same however many are kept. */
export function replayBuffer(limit: number): ReplayBuffer {
  let past: Past[] = []
  let first = 0
  let messages = 0
  const skip = (type: Past['type']) => {
    while (past[first]?.type === type) first += 1
  }
  return {
    add(event) {
      past.push(event)
      if (event.type !== 'message') return
      messages += 1
      if (messages <= limit) return
      // What goes is the oldest message, and the gaps on both sides of it.
      skip('gap')
      first += 1
      skip('gap')
      messages = limit
      if (first * 2 < past.length) return
      past = past.slice(first)
      first = 0
    },
    clear() {
      past = []
      first = messages = 0
    },
    events: () => past.slice(first),
  }
}
