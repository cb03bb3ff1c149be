import { mount } from '@vue/test-utils'
import { onTestFinished } from 'vitest'
import { defineComponent, h } from 'vue'
import { createTestingPush, type TestingOptions } from 'pinia-push/testing'

/** Creates a testing push. The test fails if it leaves a connection or a timer. */
export function cleanPush(options?: TestingOptions) {
  const testing = createTestingPush(options)
  onTestFinished(() => testing.assertNoLeaks())
  return testing
}

/** Mounts a component that consists of its setup. It is unmounted after the test. */
export function mountSimple<R>(setup: () => R, testing = cleanPush()) {
  let result: { of: R } | undefined
  const errors: unknown[] = []
  const wrapper = mount(
    defineComponent({
      setup() {
        result = { of: setup() }
        return () => h('p')
      },
    }),
    { global: { plugins: [testing.push], config: { errorHandler: (error) => errors.push(error) } } },
  )
  onTestFinished(() => wrapper.unmount())
  if (!result) throw errors[0] ?? new Error('setup did not run')
  return { ...testing, errors, wrapper, result: result.of }
}
