/** How the tests start Chromium: what it needs to run as root, and to ask nobody on the internet. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The browser, whose tabs can be hidden. */
export const CHROMIUM_WITH_TABS = { executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args }

/** Its engine without windows: every page is visible. */
export const CHROMIUM = {
  executablePath: process.env['CHROMIUM_HEADLESS_SHELL'] ?? CHROMIUM_WITH_TABS.executablePath,
  args,
}
