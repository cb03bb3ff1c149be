import { createPinia, type StoreGeneric } from 'pinia'
import { onTestFinished } from 'vitest'
import { createApp, type App } from 'vue'
import { createTestingPush, type TestingOptions } from 'pinia-push/testing'

/** An app with pinia and push, and one store in it; unmounted, and without a trace, when the test ends. */
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

/** What a snapshot function answers, when the test says so. */
export function answers<A>() {
  const asked: { resolve: (answer: A) => void; reject: (error: unknown) => void; signal: AbortSignal }[] = []
  const take = ({ signal }: { signal: AbortSignal }) =>
    new Promise<A>((resolve, reject) => asked.push({ resolve, reject, signal }))
  return {
    take,
    asked,
    get latest() {
      const latest = asked.at(-1)
      if (!latest) throw new Error('no snapshot was asked for')
      return latest
    },
  }
}
