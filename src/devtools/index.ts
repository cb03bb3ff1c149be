import type { setupDevtoolsPlugin } from '@vue/devtools-api'
import type { Observable } from 'rxjs'
import type { App } from 'vue'
import { batch } from '../composables/internal/batch.ts'
import type { Channel } from '../observables/index.ts'
import type { TappedEvent } from '../observables/channel/event-tap.ts'
import { hostScheduler } from '../observables/internal/time.ts'
import { channelLogs } from './channel-log.ts'
import { createInspector } from './inspector.ts'
import { createTimeline } from './timeline.ts'

/** How often the developer tools are updated at most, in ms. With more updates they would not respond. */
const UPDATE_INTERVAL = 200

/**
 * Shows channels in Vue's developer tools: a timeline of their events, and an inspector of the channels that are read, with
 * actions to drop a connection and to retry. `add` takes the channels' events.
 */
export function devtools(
  app: App,
  channels$: Observable<readonly Channel<unknown, unknown>[]>,
  setUpPlugin: typeof setupDevtoolsPlugin,
) {
  const logs = channelLogs()
  let channels: readonly Channel<unknown, unknown>[] = []
  let timeline: ReturnType<typeof createTimeline> | undefined
  let inspector: ReturnType<typeof createInspector> | undefined

  const updates = batch(UPDATE_INTERVAL, hostScheduler, () => {
    timeline?.flush()
    inspector?.refresh()
  })

  const subscription = channels$.subscribe((active) => {
    channels = active
    updates.request()
  })
  setUpPlugin({ id: 'pinia-push', label: 'Push', packageName: 'pinia-push', app }, (api) => {
    // The tools set up a plugin when they select its app, which may be late, and more than once.
    if (subscription.closed || inspector) return
    timeline = createTimeline(api)
    inspector = createInspector({ api, app, channels: () => channels, logOf: logs.of })
  })
  return {
    add(tapped: TappedEvent) {
      logs.of(tapped.channel).add(tapped)
      timeline?.add(tapped)
      updates.request()
    },
    stop() {
      subscription.unsubscribe()
      channels = []
      updates.cancel()
      // The inspector is left as it is: the tools cannot update one of an app that is unmounted.
      timeline?.flush()
      timeline = inspector = undefined
    },
  }
}
