import type { Channel, PushEvent } from '../observables/index.ts'
import type { Heard } from '../observables/channel/event-tap.ts'
import { details } from './details.ts'

/** How many events a log holds. */
const MOST = 20

/** What happened on one channel. It holds no message. */
export interface ChannelLog {
  readonly id: string
  /** How many of each came. */
  readonly counts: Readonly<Record<Counted, number>>
  /** What went wrong last, also when it is well again. */
  readonly lastError: string | undefined
  /** The last events that were no messages, the newest first. */
  readonly events: readonly { at: number; type: PushEvent<unknown>['type']; details: object }[]
  add(heard: Heard): void
}

type Counted = 'message' | 'invalid' | 'gap'

/** A log for each channel, for as long as the app holds the channel. */
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
      if (type !== 'message') events = [{ at, type, details: details(event) }, ...events].slice(0, MOST)
    },
  }
}
