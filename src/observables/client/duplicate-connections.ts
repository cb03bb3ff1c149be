import type { SchedulerLike } from 'rxjs'
import type { Channel } from '../channel/channel.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { runAfter } from '../internal/time.ts'

type AnyChannel = Channel<unknown, unknown>

/** The longest wait for a channel without readers to close, in ms. */
const MAX_WAIT = 60_000

/**
 * Returns a function that warns, in development, if one technique reads a URL twice. Two different definitions of a URL do
 * not share a connection, which is rarely intended. It warns once for each URL.
 */
export function duplicateConnectionWarnings(reading: () => readonly AnyChannel[], scheduler: SchedulerLike) {
  const known = new WeakMap<AnyChannel, { technique: string; disconnectDelay: number }>()
  const warned = new Set<string>()
  return (channel: AnyChannel, technique: string, disconnectDelay: number): void => {
    const { url } = channel
    // Topics share one connection.
    if (url.includes('#')) return
    const twins = () => reading().filter((other) => other.url === url && known.get(other)?.technique === technique)
    known.set(channel, { technique, disconnectDelay })
    const present = twins()
    if (present.length < 2 || warned.has(url)) return
    // A channel that a hot update or another route replaced is still connected, and is closed after its delay.
    const delay = Math.max(...present.map((twin) => known.get(twin)?.disconnectDelay ?? 0))
    runAfter(Math.min(delay, MAX_WAIT), scheduler, () => {
      if (twins().length < 2 || warned.has(url)) return
      warned.add(url)
      console.warn(
        `[pinia-push] Two connections read "${redactUrl(url)}": its two definitions differ. Define the channel once, outside of components, and import it. Create its \`technique\`, \`retry\`, \`sequence\` and \`decode\` once, too.`,
      )
    })
  }
}
