import { createPush, type Push } from '../plugin/index.ts'
import { testingKit, type Testing, type TestingOptions } from './testing-client.ts'

/**
 * A push plugin for tests of components and stores: nothing connects but what the test scripts.
 *
 * @example
 * const { push, technique, advance, assertNoLeaks } = createTestingPush()
 * const wrapper = mount(Ticker, { global: { plugins: [push] } })
 * technique.latest.open()
 * technique.latest.message({ price: 7 })
 * await advance()
 * expect(wrapper.text()).toBe('7')
 * wrapper.unmount()
 * assertNoLeaks()
 */
export const createTestingPush = (options?: TestingOptions): Testing<Push> => testingKit(createPush, options)
