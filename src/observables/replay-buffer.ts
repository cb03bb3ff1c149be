import type { PushGap, PushMessage } from './event.ts'

type Past = PushMessage<unknown> | PushGap

export interface ReplayBuffer {
  add(event: Past): void
  clear(): void
  events(): readonly Past[]
}

/** The last messages, for late readers, with the gaps between them. */
export function replayBuffer(limit: number): ReplayBuffer {
  let past: Past[] = []
  let messages = 0
  return {
    add(event) {
      past.push(event)
      if (event.type !== 'message') return
      messages += 1
      if (messages <= limit) return
      // What goes is the oldest message, and the gaps on both sides of it.
      past.splice(0, past.findIndex(isMessage) + 1)
      past.splice(0, past.findIndex(isMessage))
      messages = limit
    },
    clear() {
      past = []
      messages = 0
    },
    events: () => past,
  }
}

const isMessage = ({ type }: Past) => type === 'message'
