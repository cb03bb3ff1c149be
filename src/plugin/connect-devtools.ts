import type { App } from 'vue'
import { onServer } from '../composables/internal/follow-source.ts'
import { overheard, type Heard } from '../observables/channel/event-tap.ts'
import type { PushClient } from '../observables/index.ts'

/** How much is kept until the developer tools are loaded. */
const MOST = 1_000

let suggested = false

/** Says once in a page that Vue's developer tools need a package to show channels. */
function suggestInstall(): void {
  if (suggested) return
  suggested = true
  console.info(
    '[pinia-push] Vue DevTools cannot show channels: the package "@vue/devtools-api" is not installed. Run `npm install --save-dev @vue/devtools-api`.',
  )
}

/**
 * Shows an app's channels in Vue's developer tools, until it is unmounted. Where the page has none, nothing is loaded.
 * They load while the app begins, and are told then what they missed.
 */
export function connectDevtools(app: App, { channels$ }: PushClient): void {
  // Written out around the import, because bundlers look for imports before they fold what is imported.
  if (process.env.NODE_ENV !== 'production') {
    if (onServer() || !('__VUE_DEVTOOLS_GLOBAL_HOOK__' in globalThis)) return
    const missed: Heard[] = []
    let tell = (heard: Heard) => {
      missed.push(heard)
      if (missed.length > MOST) missed.shift()
    }
    const showing = overheard(channels$).subscribe((heard) => tell(heard))
    app.onUnmount(() => showing.unsubscribe())
    Promise.all([import('../devtools/index.ts'), import('@vue/devtools-api').catch(() => undefined)])
      .then(([{ devtools }, api]) => {
        // A bundler may put an empty module in the place of an optional package that is not installed.
        if (!api?.setupDevtoolsPlugin) {
          showing.unsubscribe()
          return suggestInstall()
        }
        if (showing.closed) return
        const shown = devtools(app, channels$, api.setupDevtoolsPlugin)
        showing.add(shown.stop)
        tell = shown.tell
        for (const heard of missed.splice(0)) tell(heard)
      })
      .catch((cause: unknown) => {
        showing.unsubscribe()
        console.warn('pinia-push: what shows channels in the developer tools could not be loaded', cause)
      })
  }
}
