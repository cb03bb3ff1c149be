import type { setupDevtoolsPlugin } from '@vue/devtools-api'
import type { Channel, PushEvent } from '../observables/index.ts'
import { topicOf } from '../observables/channel/define-channel.ts'
import type { TappedEvent } from '../observables/channel/event-tap.ts'
import { details } from './channel-log.ts'

type Type = PushEvent<unknown>['type']
export type DevtoolsApi = Parameters<Parameters<typeof setupDevtoolsPlugin>[1]>[0]

const LAYER = 'pinia-push'

const LOG_TYPES = {
  idle: 'default',
  connecting: 'default',
  open: 'default',
  message: 'default',
  invalid: 'error',
  gap: 'warning',
  reconnecting: 'warning',
  closed: 'default',
  failed: 'error',
} as const satisfies Record<Type, string>

/** Whether many events of a type may arrive at once. They are shown as one. */
const ARRIVES_IN_BURSTS = {
  idle: false,
  connecting: false,
  open: false,
  message: true,
  invalid: true,
  gap: true,
  reconnecting: false,
  closed: false,
  failed: false,
} as const satisfies Record<Type, boolean>

/** Events of one type on one channel, which are shown as one. */
interface Burst {
  count: number
  last: TappedEvent
}

/** Adds the timeline layer "Push". Events that arrive in bursts are shown at `flush`, or at a change of status. */
export function createTimeline(api: DevtoolsApi) {
  let bursts = new Map<Channel<unknown, unknown>, Map<Type, Burst>>()
  api.addTimelineLayer({ id: LAYER, label: 'Push', color: 0x4f_8f_d6 })

  const show = ({ last: { channel, event, at }, count }: Burst) =>
    api.addTimelineEvent({
      layerId: LAYER,
      event: {
        time: at,
        title: count > 1 ? `${count} × ${event.type}` : event.type,
        subtitle: nameOf(channel),
        logType: LOG_TYPES[event.type],
        data: { channel: channel.url, ...(count > 1 && { count }), ...details(event) },
      },
    })
  const showAll = (pending: Map<Type, Burst>) => {
    for (const burst of pending.values()) show(burst)
  }

  return {
    add(tapped: TappedEvent) {
      const { channel, event } = tapped
      const pending = bursts.get(channel) ?? new Map<Type, Burst>()
      if (!ARRIVES_IN_BURSTS[event.type]) {
        bursts.delete(channel)
        showAll(pending)
        return show({ count: 1, last: tapped })
      }
      pending.set(event.type, { count: (pending.get(event.type)?.count ?? 0) + 1, last: tapped })
      bursts.set(channel, pending)
    },
    flush() {
      const due = bursts
      bursts = new Map()
      for (const pending of due.values()) showAll(pending)
    },
  }
}

/** Returns the name of a topic, or a channel's URL without the origin if it is the page's own. */
export function nameOf({ url }: Channel<unknown, unknown>): string {
  const { origin, pathname, search, hash } = new URL(url)
  const topic = topicOf(hash)
  if (topic !== undefined) return topic
  return origin === location.origin ? `${pathname}${search}` : url
}
