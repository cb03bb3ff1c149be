import { playwright } from '@vitest/browser-playwright'
import type { BrowserConfigOptions } from 'vitest/node'
import { FIREFOX } from '../e2e/firefox.ts'
import { oneAtATime } from './one-at-a-time.ts'

export const firefox: BrowserConfigOptions = {
  headless: true,
  provider: oneAtATime(playwright({ launchOptions: FIREFOX })),
  instances: [{ browser: 'firefox', name: 'firefox' }],
}
