import type { SchedulerLike } from 'rxjs'
import type { Channel } from '../channel/channel.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { runAfter } from '../internal/time.ts'

type AnyChannel = Channel<unknown, unknown>

/** How long a channel that nobody reads any more is waited for at most, in ms. */
const MOST = 60_000

/**
 * Makes a client's watch, for development, for a URL that is read twice by one technique: two definitions of one URL
 * share no connection, and that is seldom meant. Each URL is warned of once.
 */
export function secondConnections(reading: () => readonly AnyChannel[], scheduler: SchedulerLike) {
  const known = new WeakMap<AnyChannel, { technique: string; disconnectDelay: number }>()
  const warned = new Set<string>()
  return (channel: AnyChannel, technique: string, disconnectDelay: number): void => {
    const { url } = channel
    const twins = () => reading().filter((other) => other.url === url && known.get(other)?.technique === technique)
    known.set(channel, { technique, disconnectDelay })
    const present = twins()
    if (present.length < 2 || warned.has(url)) return
    // What a hot edit or another route replaced lingers, and is gone then.
    const gone = Math.max(...present.map((twin) => known.get(twin)?.disconnectDelay ?? 0))
    runAfter(Math.min(gone, MOST), scheduler, () => {
      if (twins().length < 2 || warned.has(url)) return
      warned.add(url)
      console.warn(
        `[pinia-push] ${redactUrl(url)} is read by two connections, because two definitions of it differ. Define the channel once, outside of components, and import it; make its \`technique\`, \`retry\`, \`sequence\` and \`decode\` once, too.`,
      )
    })
  }
}
