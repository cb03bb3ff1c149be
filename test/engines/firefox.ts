import { playwright } from '@vitest/browser-playwright'
import type { BrowserConfigOptions } from 'vitest/node'
import { oneAtATime } from './one-at-a-time.ts'

/**
 * What Firefox asks of hosts on the internet by itself, turned off; timers of tabs behind another, which are to run; and the
 * wait for a WebSocket after others failed, which grows to a minute: the suite breaks hundreds.
 */
const firefoxUserPrefs = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.min_background_timeout_value': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
  'extensions.systemAddon.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.websocket.delay-failed-reconnects': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
}

/** Debian's Firefox ESR, as it is, driven by WebDriver BiDi. */
export const firefox: BrowserConfigOptions = {
  headless: true,
  provider: oneAtATime(
    playwright({
      launchOptions: {
        channel: 'moz-firefox',
        executablePath: process.env['FIREFOX'] ?? '/usr/bin/firefox-esr',
        firefoxUserPrefs,
      },
    }),
  ),
  instances: [{ browser: 'firefox', name: 'firefox' }],
}
