import type { Channel, PushEvent } from '../observables/index.ts'
import type { TappedEvent } from '../observables/channel/event-tap.ts'

/** How many events a log keeps. */
const MAX_EVENTS = 20

/** The events of one channel, without its messages. */
export interface ChannelLog {
  readonly id: string
  /** How many events of these types there were. */
  readonly counts: Readonly<Record<Counted, number>>
  /** The last error, also after the channel has recovered. */
  readonly lastError: string | undefined
  /** The last events except messages, the newest first. */
  readonly events: readonly { at: number; type: PushEvent<unknown>['type']; details: object }[]
  add(tapped: TappedEvent): void
}

type Counted = 'message' | 'invalid' | 'gap'

/** Keeps a log for each channel, as long as the app keeps the channel. */
export function channelLogs() {
  const logs = new WeakMap<Channel<unknown, unknown>, ChannelLog>()
  let number = 0
  return {
    of(channel: Channel<unknown, unknown>): ChannelLog {
      const log = logs.get(channel) ?? channelLog(`channel-${(number += 1)}`)
      logs.set(channel, log)
      return log
    },
  }
}

function channelLog(id: string): ChannelLog {
  const counts: Record<Counted, number> = { message: 0, invalid: 0, gap: 0 }
  let lastError: string | undefined
  let events: ChannelLog['events'] = []
  return {
    id,
    counts,
    get lastError() {
      return lastError
    },
    get events() {
      return events
    },
    add({ event, at }) {
      const { type } = event
      if (type === 'message' || type === 'invalid' || type === 'gap') counts[type] += 1
      if ('error' in event) lastError = `${event.error.code}: ${event.error.message}`
      if (type !== 'message') events = [{ at, type, details: details(event) }, ...events].slice(0, MAX_EVENTS)
    },
  }
}

/** Returns an event as the developer tools can show it: an error becomes a plain object. */
export function details(event: PushEvent<unknown>): object {
  if (!('error' in event)) return event
  const { code, message, retryable, technique } = event.error
  return { ...event, error: { code, message, retryable, technique } }
}
