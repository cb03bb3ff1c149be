// Installs what a test needs from the system's packages, where that can be done.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Whether these Debian packages were installed: this is Debian, and root, and they could be had. */
export function install(what, ...packages) {
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) return false
  console.log(`${what} is missing: installing it from the system packages (apt-get install ${packages.join(' ')})`)
  return [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ].every((args) => {
    const { status } = spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      // A run level in which no service is started: the tests start their own.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    })
    return status === 0
  })
}
