// Installs what a test needs from the system's packages, where that can be done.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Installs these Debian packages, if this is Debian, and root, and they can be had. */
export function install(...packages) {
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) return
  console.log(`Installing what is missing from the system packages (apt-get install ${packages.join(' ')})`)
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const { status } = spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      // A run level in which no service is started: the tests start their own.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    })
    if (status !== 0) return
  }
}
