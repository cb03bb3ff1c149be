import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { serveDurableStreams, type DurableStreamsServer } from './durable-streams.ts'
import { serveScript, type ScriptedServer } from './scripted-server.ts'
import { serveSession, type ServedSession } from './session.ts'

/** Lets tests that run in a page start and steer servers, by HTTP. */
export async function startControlServer(): Promise<{ url: string; close: () => Promise<void> }> {
  const sessions = new Map<string, ServedSession>()
  const scripts = new Map<string, ScriptedServer>()
  const streams = new Map<string, DurableStreamsServer>()
  let count = 0

  const session = (id: string) => known(sessions, id)
  const script = (id: string) => known(scripts, id)
  const acts: Record<string, (id: string, body: unknown, argument: string) => unknown> = {
    'POST sessions': async (_, body) => {
      const opened = await serveSession(body as object)
      const id = String((count += 1))
      sessions.set(id, opened)
      return { id, url: opened.url, directUrl: opened.directUrl }
    },
    'POST sessions publish': (id, body) => session(id).publish(body as Parameters<ServedSession['publish']>[0]),
    'POST sessions faults': (id, body) => session(id).fault(body as object),
    'POST sessions restart': (id) => session(id).restart(),
    'POST sessions reload': (id) => session(id).reload(),
    'POST sessions failOver': (id) => session(id).failOver(),
    'GET sessions stats': (id) => session(id).stats(),
    'DELETE sessions channels': (id, _, channel) => session(id).end(decodeURIComponent(channel)),
    'DELETE sessions': (id) => {
      const ending = session(id)
      sessions.delete(id)
      return ending.close()
    },
    'POST streams': async () => {
      const opened = await serveDurableStreams()
      const id = String((count += 1))
      streams.set(id, opened)
      return { id, url: opened.url, directUrl: opened.directUrl }
    },
    'POST streams drop': (id) => known(streams, id).proxy.drop(),
    'DELETE streams': (id) => {
      const ending = known(streams, id)
      streams.delete(id)
      return ending.close()
    },
    'POST scripts': async () => {
      const opened = await serveScript()
      const id = String((count += 1))
      scripts.set(id, opened)
      return { id, url: opened.url }
    },
    'POST scripts respond': (id, body) => script(id).respond(body as []),
    'POST scripts preflights': (id, body) => script(id).preflights(Number(body)),
    'GET scripts requests': (id) => script(id).requests(),
    'POST scripts cut': (id) => script(id).cut(),
    'DELETE scripts': (id) => {
      const ending = script(id)
      scripts.delete(id)
      return ending.close()
    },
  }
  const act = async (method: string, [kind, id = '', verb = '', argument = '']: string[], body: unknown) => {
    const name = `${method} ${kind} ${verb}`.trim()
    const does = Object.hasOwn(acts, name) ? acts[name] : undefined
    if (!does) throw new Error(`${name} is none of ${Object.keys(acts).join(', ')}`)
    return does(id, body, argument)
  }

  const server = createServer((request, response) => {
    const head = {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': '*',
      'access-control-max-age': '600',
    }
    if (request.method === 'OPTIONS') return response.writeHead(204, head).end()
    return read(request)
      .then((body) => act(request.method ?? '', (request.url ?? '').split('/').slice(1), body))
      .then(
        (result) => response.writeHead(200, head).end(JSON.stringify(result)),
        (error: unknown) => response.writeHead(500, head).end(inspect(error)),
      )
  })
  // A connection that is closed just as a busy page asks on it is a failed request there.
  server.keepAliveTimeout = 600_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await Promise.all([...sessions.values(), ...scripts.values(), ...streams.values()].map((each) => each.close()))
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function known<T>(map: ReadonlyMap<string, T>, id: string): T {
  const value = map.get(id)
  if (value === undefined) throw new Error(`there is no ${id} here: it was closed, or never opened`)
  return value
}

async function read(request: IncomingMessage): Promise<unknown> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) text += String(chunk)
  return text === '' ? undefined : JSON.parse(text)
}
