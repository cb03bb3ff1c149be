// Finds Chromium, or installs it from the system's packages where that can be done, or says what to install.
import { existsSync } from 'node:fs'
import { install } from './packages.mjs'

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const find = () => PLACES.find((place) => place && existsSync(place))

/** The path of a Chromium. Installs Debian's when it is missing and this is root; otherwise says what to do, and exits. */
export function chromium() {
  const found = find()
  if (found) return found
  const installed = install('Chromium', 'chromium') && find()
  if (installed) return installed
  console.error(
    'The tests run in a real Chromium, and none was found: install the package `chromium` (Debian: `sudo apt-get install chromium`), or set CHROMIUM to its path.',
  )
  process.exit(1)
}
