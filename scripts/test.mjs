// Every test, with the browsers and the servers that they need. Arguments are vitest's: `npm test -- test/hub`.
import { spawnSync } from 'node:child_process'
import { EVERYTHING, needed } from './needed.mjs'

const env = { ...process.env, ...needed(...EVERYTHING) }
const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env,
})
process.exit(status ?? 1)
