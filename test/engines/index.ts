import { playwright } from '@vitest/browser-playwright'
import type { BrowserConfigOptions } from 'vitest/node'
import { CHROMIUM } from '../e2e/chromium.ts'
import { firefox } from './firefox.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { webkit } from './webkit.ts'

/** The browsers that pages run in, and how each is started. */
export const PAGES = {
  chromium: {
    headless: true,
    provider: oneAtATime(playwright({ launchOptions: CHROMIUM })),
    instances: [{ browser: 'chromium', name: 'chromium' }],
  },
  firefox,
  webkit,
} satisfies Record<string, BrowserConfigOptions>
