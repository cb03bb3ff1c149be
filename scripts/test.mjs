// Every test, with the browser and the servers that they need. Arguments are vitest's: `npm test -- test/hub`.
import { spawnSync } from 'node:child_process'
import { chromium } from './browser.mjs'
import { servers } from './servers.mjs'

servers()
const env = { ...process.env, CHROMIUM: chromium() }
const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env,
})
process.exit(status ?? 1)
