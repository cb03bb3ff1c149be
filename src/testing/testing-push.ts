import { createPush, type Push } from '../plugin/index.ts'
import { testingKit, type Testing, type TestingOptions } from './testing-client.ts'

/**
 * Creates a push plugin for tests of components and stores. Its connections are driven by the test.
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
