import type { setupDevtoolsPlugin } from '@vue/devtools-api'
import type { Channel, PushEvent } from '../observables/index.ts'
import type { Heard } from '../observables/channel/event-tap.ts'
import { details } from './details.ts'
import { nameOf } from './name-of.ts'

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

/** Whether many may come at once; they are shown as one then. */
const COMES_IN_BURSTS = {
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

/** Events of one type on one channel that are shown as one. */
interface Burst {
  count: number
  last: Heard
}

/** Shows what is told as events of the layer "Push". What comes in bursts waits for `flush`, or for a change of status. */
export function showTimeline(api: DevtoolsApi) {
  let bursts = new Map<Channel<unknown, unknown>, Map<Type, Burst>>()
  api.addTimelineLayer({ id: LAYER, label: 'Push', color: 0x4f_8f_d6 })

  const add = ({ last: { channel, event, at }, count }: Burst) =>
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
  const addAll = (of: Map<Type, Burst> | undefined) => {
    for (const burst of of?.values() ?? []) add(burst)
  }

  return {
    tell(heard: Heard) {
      const { channel, event } = heard
      const waiting = bursts.get(channel) ?? new Map<Type, Burst>()
      if (!COMES_IN_BURSTS[event.type]) {
        bursts.delete(channel)
        addAll(waiting)
        return add({ count: 1, last: heard })
      }
      waiting.set(event.type, { count: (waiting.get(event.type)?.count ?? 0) + 1, last: heard })
      bursts.set(channel, waiting)
    },
    flush() {
      const due = bursts
      bursts = new Map()
      for (const waiting of due.values()) addAll(waiting)
    },
  }
}
