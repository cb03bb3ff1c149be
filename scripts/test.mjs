// Every test, with the browsers and the servers that they need. Arguments are vitest's: `npm test -- test/hub`.
import { spawnSync } from 'node:child_process'
import { EVERYTHING, needed } from './needed.mjs'

const args = process.argv.slice(2)
// Only a run of everything can tell whether the README's table is what it shows.
const env = { ...process.env, ...needed(...EVERYTHING), ...(args.length === 0 && { FULL_RUN: 'true' }) }
const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', ...args], { stdio: 'inherit', env })
process.exit(status ?? 1)
