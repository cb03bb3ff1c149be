// Every test, with the browsers and the servers that they need; or a lane of them, or some by `--engine`, `--server` and
// `--technique`. All other arguments are vitest's: `npm test -- test/hub`.
import { spawnSync } from 'node:child_process'
import { NODES, RAILS, needed } from './needed.mjs'

/** What each project of vitest.config.ts runs in and on, beside Node. */
const PROJECTS = {
  unit: [],
  'pinia-3': [],
  node: [...NODES, ...RAILS, 'curl', 'openssl', 'php-cli', 'python3', 'iproute2', 'systemd'],
  chromium: ['chromium-headless-shell', ...NODES, ...RAILS],
  firefox: ['firefox-esr', ...NODES],
  webkit: ['libwebkit2gtk-4.1-0', 'webkit2gtk-driver', 'xvfb', ...NODES],
  e2e: ['chromium', 'chromium-headless-shell', 'firefox-esr', 'curl', 'openssl', ...NODES],
}

const LANES = {
  unit: ['unit', 'pinia-3'],
  node: ['node'],
  browser: ['chromium', 'firefox', 'webkit'],
  e2e: ['e2e'],
}

const args = process.argv.slice(2)
// Only a run of everything can tell whether the table of the documentation is what it shows.
const full = args.length === 0

/** The values of an option, which is not vitest's or is read here too. */
const take = (name) => {
  const at = args.indexOf(`--${name}`)
  return at < 0 ? [] : [args.splice(at, 2)[1], ...take(name)]
}

const lanes = take('lane')
const unknown = lanes.find((lane) => !Object.hasOwn(LANES, lane))
if (unknown) throw new Error(`There is no lane "${unknown}": name one of ${Object.keys(LANES).join(', ')}`)
const projects = [...lanes.flatMap((lane) => LANES[lane]), ...take('engine'), ...take('project')]
for (const project of projects) args.push('--project', project)

const [[server], [technique]] = [take('server'), take('technique')]
if (server || technique)
  args.push('test/conformance', '--testNamePattern', `^${technique ?? '\\S+'} on ${server ?? '\\S+'} `)

const wanted = projects.length > 0 ? projects : Object.keys(PROJECTS)
const variables = needed(...new Set(wanted.flatMap((project) => PROJECTS[project] ?? [])))
const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', ...args], {
  stdio: 'inherit',
  env: { ...process.env, ...variables, ...(full && { FULL_RUN: 'true' }) },
})
process.exit(status ?? 1)
