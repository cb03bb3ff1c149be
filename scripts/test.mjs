// Every test, with the browsers and the servers that they need; or some, by `--engine`, `--server` and `--technique`.
// All other arguments are vitest's: `npm test -- test/hub`.
import { spawnSync } from 'node:child_process'
import { EVERYTHING, needed } from './needed.mjs'

const args = process.argv.slice(2)
// Only a run of everything can tell whether the README's table is what it shows.
const full = args.length === 0

/** The value of an option, which vitest is not to see. */
const take = (name) => {
  const at = args.indexOf(`--${name}`)
  return at < 0 ? undefined : args.splice(at, 2)[1]
}

const [engine, server, technique] = ['engine', 'server', 'technique'].map(take)
if (engine) args.push('--project', engine)
if (server || technique)
  args.push('test/conformance', '--testNamePattern', `^${technique ?? '\\S+'} on ${server ?? '\\S+'} `)

const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', ...args], {
  stdio: 'inherit',
  env: { ...process.env, ...needed(...EVERYTHING), ...(full && { FULL_RUN: 'true' }) },
})
process.exit(status ?? 1)
