#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { createHub, type StartFrom } from './index.ts'

const USAGE = `Usage: npx pinia-push hub [options]

Runs a push server on this machine, for development.

Options:
  --port <number>      Port for HTTP and WebSocket; 0 selects a free one (default: 7780)
  --host <address>     Loopback address to listen on (default: 127.0.0.1)
  --path <path>        Path of all channels (default: /push/)
  --history <count>    Messages that each channel keeps (default: 1000)
  --start-from=<where> Where subscribers without a cursor start: newest, oldest or -N (default: newest)
  --tcp-port <number>  Port for lines over TCP, which flashSocket() needs (default: none)
  --origin <url>       Origin whose pages may connect; repeat it for more (default: the hub's own)
  --help               Show this text
`

function fail(message: string): never {
  console.error(`pinia-push: ${message}\n\n${USAGE}`)
  process.exit(2)
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        port: { type: 'string', default: '7780' },
        host: { type: 'string', default: '127.0.0.1' },
        path: { type: 'string', default: '/push/' },
        history: { type: 'string', default: '1000' },
        'start-from': { type: 'string', default: 'newest' },
        'tcp-port': { type: 'string' },
        origin: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return fail((error as Error).message)
  }
}

function parseStartFrom(value: string): StartFrom {
  if (value === 'newest' || value === 'oldest') return value
  return /^-\d+$/.test(value)
    ? Number(value)
    : fail(`Invalid --start-from ${JSON.stringify(value)}. Use newest, oldest or -N.`)
}

/** Parses decimal digits. `Number` alone would accept other notations. */
function parseInteger(name: string, value: string, min: number, max: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  return number >= min && number <= max
    ? number
    : fail(`Invalid --${name} ${JSON.stringify(value)}. Use a whole number from ${min} to ${max}.`)
}

const parsePort = (name: string, value: string) => parseInteger(name, value, 0, 65_535)

const { values, positionals } = parse(process.argv.slice(2))
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const command = positionals.join(' ')
if (command !== 'hub') fail(command === '' ? 'Missing command: hub.' : `Unknown command ${JSON.stringify(command)}.`)
const port = parsePort('port', values.port)
const count = parseInteger('history', values.history, 1, Number.MAX_SAFE_INTEGER)
const tcpPort = values['tcp-port']
const tcp = tcpPort === undefined ? {} : { tcp: { port: parsePort('tcp-port', tcpPort), host: values.host } }

try {
  const hub = createHub({
    path: values.path,
    history: { count },
    startFrom: parseStartFrom(values['start-from']),
    allowedOrigins: values.origin,
  })
  const { url, tcpPort, close } = await hub.listen({ port, host: values.host, ...tcp })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    // The first signal closes the hub. A second one ends the process at once.
    process.once(signal, () => {
      close().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error('pinia-push: The hub could not be closed:', error)
          process.exit(1)
        },
      )
    })
  const channel = `${url}${values.path}news`
  console.log(`pinia-push hub on ${url}${values.path}<channel>`)
  console.log(`  subscribe: curl -N -H 'Accept: text/event-stream' ${channel}`)
  if (tcpPort !== undefined)
    console.log(`  lines over TCP: port ${tcpPort}, for flashSocket() through ${url}${values.path}`)
  console.log(`  publish:   curl -d 'hello' ${channel}`)
} catch (error) {
  fail((error as Error).message)
}
