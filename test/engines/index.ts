import { playwright } from '@vitest/browser-playwright'
import type { BrowserConfigOptions } from 'vitest/node'
import { CHROMIUM } from '../e2e/chromium.ts'
import { firefox } from './firefox.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { webkit } from './webkit.ts'

/**
 * Sound waits for nobody's gesture. Else Ruffle leaves a rejection with each player that goes: the product hushes it, and
 * vitest, whose listener was there first, prints it where it would not tell it from one that is a fault.
 */
const AUDIBLE = { ...CHROMIUM, args: [...CHROMIUM.args, '--autoplay-policy=no-user-gesture-required'] }

/** The browsers that pages run in, and how each is started. */
export const PAGES = {
  chromium: {
    headless: true,
    provider: oneAtATime(playwright({ launchOptions: AUDIBLE })),
    instances: [{ browser: 'chromium', name: 'chromium' }],
  },
  firefox,
  webkit,
} satisfies Record<string, BrowserConfigOptions>
