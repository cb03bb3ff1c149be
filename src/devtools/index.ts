import type { setupDevtoolsPlugin } from '@vue/devtools-api'
import type { Observable } from 'rxjs'
import type { App } from 'vue'
import { batch } from '../composables/internal/batch.ts'
import type { Channel } from '../observables/index.ts'
import type { Heard } from '../observables/channel/event-tap.ts'
import { channelLogs } from './channel-log.ts'
import { showInspector } from './inspector.ts'
import { showTimeline } from './timeline.ts'
import { hostScheduler } from '../observables/internal/time.ts'

/** How often what changes all the time is shown, in ms: more often, the tools would show nothing but the first. */
const EVERY = 200

/**
 * Shows channels in Vue's developer tools: a timeline of what they tell, and an inspector of those that are read, with
 * means to drop a connection and to try again. `tell` is for what the channels tell.
 */
export function devtools(
  app: App,
  channels$: Observable<readonly Channel<unknown, unknown>[]>,
  setUpPlugin: typeof setupDevtoolsPlugin,
) {
  const logs = channelLogs()
  let channels: readonly Channel<unknown, unknown>[] = []
  let timeline: ReturnType<typeof showTimeline> | undefined
  let inspector: ReturnType<typeof showInspector> | undefined

  const show = batch(EVERY, hostScheduler, () => {
    timeline?.flush()
    inspector?.refresh()
  })

  const watching = channels$.subscribe((now) => {
    channels = now
    show.ask()
  })
  setUpPlugin({ id: 'pinia-push', label: 'Push', packageName: 'pinia-push', app }, (api) => {
    // The tools set a plugin up when they turn to its app: perhaps late, perhaps again.
    if (watching.closed || inspector) return
    timeline = showTimeline(api)
    inspector = showInspector({ api, app, channels: () => channels, logOf: logs.of })
  })
  return {
    tell(heard: Heard) {
      logs.of(heard.channel).add(heard)
      timeline?.tell(heard)
      show.ask()
    },
    stop() {
      watching.unsubscribe()
      channels = []
      show.now()
      timeline = inspector = undefined
    },
  }
}
