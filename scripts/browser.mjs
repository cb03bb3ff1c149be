// Finds Chromium, or installs it from the system's packages where that can be done, or says what to install.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const find = () => PLACES.find((place) => place && existsSync(place))

/** The path of a Chromium. Installs Debian's when it is missing and this is root; otherwise says what to do, and exits. */
export function chromium() {
  const found = find()
  if (found) return found
  if (existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    console.log('Chromium is missing: installing it from the system packages (apt-get install chromium)')
    for (const args of [
      ['update', '-qq'],
      ['install', '-y', '-qq', '--no-install-recommends', 'chromium'],
    ]) {
      const { status } = spawnSync('apt-get', args, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      })
      if (status !== 0) break
    }
    const installed = find()
    if (installed) return installed
  }
  console.error(
    'The tests run in a real Chromium, and none was found: install the package `chromium` (Debian: `sudo apt-get install chromium`), or set CHROMIUM to its path.',
  )
  process.exit(1)
}
