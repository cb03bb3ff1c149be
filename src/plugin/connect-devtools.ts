import type { App } from 'vue'
import { onServer } from '../composables/internal/follow-source.ts'
import { tapEvents, type TappedEvent } from '../observables/channel/event-tap.ts'
import type { PushClient } from '../observables/index.ts'

/** How many events are kept until the developer tools are loaded. */
const MAX_EARLY = 1_000

let suggested = false

/** Logs once in a page that Vue's developer tools need a package to show channels. */
function suggestInstall(): void {
  if (suggested) return
  suggested = true
  console.info(
    '[pinia-push] Vue DevTools cannot show channels: the package "@vue/devtools-api" is not installed. Run `npm install --save-dev @vue/devtools-api`.',
  )
}

/**
 * Shows an app's channels in Vue's developer tools until the app is unmounted. Nothing is loaded for a page without them.
 * Events that happen while they load are shown afterwards.
 */
export function connectDevtools(app: App, { channels$ }: PushClient): void {
  // The condition surrounds the import, because bundlers look for imports before they evaluate imported constants.
  if (process.env.NODE_ENV !== 'production') {
    if (onServer() || !('__VUE_DEVTOOLS_GLOBAL_HOOK__' in globalThis)) return
    const early: TappedEvent[] = []
    let show = (tapped: TappedEvent) => {
      early.push(tapped)
      if (early.length > MAX_EARLY) early.shift()
    }
    const subscription = tapEvents(channels$).subscribe((tapped) => show(tapped))
    app.onUnmount(() => subscription.unsubscribe())
    const load = async () => {
      const { devtools } = await import('../devtools/index.ts')
      return { devtools, api: await import('@vue/devtools-api').catch(() => undefined) }
    }
    load()
      .then(({ devtools, api }) => {
        // A bundler may replace an optional package that is not installed with an empty module.
        if (!api?.setupDevtoolsPlugin) {
          subscription.unsubscribe()
          return suggestInstall()
        }
        if (subscription.closed) return
        const shown = devtools(app, channels$, api.setupDevtoolsPlugin)
        subscription.add(shown.stop)
        show = shown.add
        for (const tapped of early.splice(0)) show(tapped)
      })
      .catch((cause: unknown) => {
        subscription.unsubscribe()
        console.warn(
          '[pinia-push] Channels are not shown in the developer tools: their code could not be loaded.',
          cause,
        )
      })
  }
}
