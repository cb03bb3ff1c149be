#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { createHub, type StartFrom } from './index.ts'

const USAGE = `pinia-push hub: a push server on this machine

  npx pinia-push hub [--port 7780] [--host 127.0.0.1] [--path /push/] [--history 1000] [--start-from=newest|oldest|-N] [--tcp-port N] [--origin URL]...
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

function startFrom(text: string): StartFrom {
  if (text === 'newest' || text === 'oldest') return text
  return /^-\d+$/.test(text) ? Number(text) : fail(`--start-from ${text} is neither newest, oldest nor -N`)
}

const { values, positionals } = parse(process.argv.slice(2))
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
if (positionals.join(' ') !== 'hub')
  fail(positionals.length === 0 ? 'say `hub`' : `there is no command ${positionals.join(' ')}`)
/** Digits, and nothing that JavaScript takes for a number beside them. */
function integer(name: string, value: string, least: number, most: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  return number >= least && number <= most
    ? number
    : fail(`--${name} ${JSON.stringify(value)} is not a number from ${least} to ${most}`)
}
const portOf = (name: string, value: string) => integer(name, value, 0, 65_535)
const port = portOf('port', values.port)
const count = integer('history', values.history, 1, Number.MAX_SAFE_INTEGER)
const tcpPort = values['tcp-port']
const tcp = tcpPort === undefined ? {} : { tcp: { port: portOf('tcp-port', tcpPort), host: values.host } }

try {
  const hub = createHub({
    path: values.path,
    history: { count },
    startFrom: startFrom(values['start-from']),
    allowedOrigins: values.origin,
  })
  const { url, tcpPort, close } = await hub.listen({ port, host: values.host, ...tcp })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    // The first lets connections end; the same once more does what signals do.
    process.once(signal, () => {
      close().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error('pinia-push: the hub did not close:', error)
          process.exit(1)
        },
      )
    })
  const channel = `${url}${values.path}news`
  console.log(`pinia-push hub on ${url}${values.path}<channel>`)
  console.log(`  listen:  curl -N -H 'Accept: text/event-stream' ${channel}`)
  if (tcpPort !== undefined)
    console.log(`  lines over TCP: port ${tcpPort}, by flashSocket() through ${url}${values.path}`)
  console.log(`  publish: curl -d 'hello' ${channel}`)
} catch (error) {
  fail((error as Error).message)
}
