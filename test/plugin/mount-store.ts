import { createPinia, type StoreGeneric } from 'pinia'
import { onTestFinished } from 'vitest'
import { createApp, type App } from 'vue'
import { createTestingPush, type TestingOptions } from 'pinia-push/testing'

/** Mounts an app with Pinia, push and one store. The app is unmounted after the test, which fails if it leaks. */
export function mountStore<S extends StoreGeneric>(
  useStore: (pinia: ReturnType<typeof createPinia>) => S,
  options?: TestingOptions,
) {
  const testing = createTestingPush(options)
  const errors: unknown[] = []
  const pinia = createPinia().use(testing.push.pinia)
  const mountApp = (): App => {
    const app = createApp({ render: () => null })
    app.config.errorHandler = (error) => errors.push(error)
    app.use(pinia).use(testing.push).mount(document.createElement('div'))
    return app
  }
  const app = mountApp()
  const store = useStore(pinia)
  let mounted = true
  const unmount = () => {
    if (mounted) app.unmount()
    mounted = false
  }
  onTestFinished(() => {
    unmount()
    testing.assertNoLeaks()
  })
  return { ...testing, pinia, mountApp, store, errors, unmount }
}

/** Returns a snapshot function whose promises are resolved by the test. */
export function snapshotRequests<A>() {
  const requests: { resolve: (snapshot: A) => void; reject: (error: unknown) => void; signal: AbortSignal }[] = []
  const load = ({ signal }: { signal: AbortSignal }) =>
    new Promise<A>((resolve, reject) => requests.push({ resolve, reject, signal }))
  return {
    load,
    requests,
    get latest() {
      const latest = requests.at(-1)
      if (!latest) throw new Error('no snapshot was requested')
      return latest
    },
  }
}
