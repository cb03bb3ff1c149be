import type { PushGap, PushMessage } from './event.ts'

type Past = PushMessage<unknown> | PushGap

/** The last messages, for late readers, with the gaps between them. */
export function replayBuffer(limit: number) {
  let past: Past[] = []
  let messages = 0
  return {
    add(event: Past) {
      if (limit === 0) return
      past.push(event)
      if (event.type !== 'message') return
      messages += 1
      if (messages <= limit) return
      // What goes is the oldest message and the gaps before the next one.
      const next = past.findIndex(({ type }, at) => type === 'message' && at > past.findIndex(isMessage))
      past = past.slice(next)
      messages = limit
    },
    clear() {
      past = []
      messages = 0
    },
    events: (): readonly Past[] => past,
  }
}

const isMessage = ({ type }: Past) => type === 'message'
