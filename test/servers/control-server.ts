import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serveScript, type ScriptedServer } from './scripted-server.ts'
import { serveSession, type ServedSession } from './session.ts'

/** Lets tests that run in a page start and steer servers, by HTTP. */
export async function startControlServer(): Promise<{ url: string; close: () => Promise<void> }> {
  const sessions = new Map<string, ServedSession>()
  const scripts = new Map<string, ScriptedServer>()
  let count = 0

  const act = async (
    method: string,
    [kind, id = '', verb = '', argument = '']: string[],
    body: unknown,
  ): Promise<unknown> => {
    const session = sessions.get(id)
    const script = scripts.get(id)
    switch (`${method} ${kind} ${verb}`.trim()) {
      case 'POST sessions': {
        const opened = await serveSession(body as object)
        sessions.set(String((count += 1)), opened)
        return { id: String(count), url: opened.url, directUrl: opened.directUrl }
      }
      case 'POST sessions publish':
        return session?.publish(body as Parameters<ServedSession['publish']>[0])
      case 'POST sessions faults':
        return session?.fault(body as object)
      case 'POST sessions restart':
        return session?.restart()
      case 'GET sessions stats':
        return session?.stats()
      case 'DELETE sessions channels':
        return session?.end(decodeURIComponent(argument))
      case 'DELETE sessions':
        sessions.delete(id)
        return session?.close()
      case 'POST scripts': {
        const opened = await serveScript()
        scripts.set(String((count += 1)), opened)
        return { id: String(count), url: opened.url }
      }
      case 'POST scripts answers':
        return script?.answers(body as [])
      case 'GET scripts requests':
        return script?.requests()
      case 'DELETE scripts':
        scripts.delete(id)
        return script?.close()
      default:
        throw new Error(`${method} ${kind}/${id}/${verb} is not known here`)
    }
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
        (error: unknown) => response.writeHead(500, head).end(String(error)),
      )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await Promise.all([...sessions.values(), ...scripts.values()].map((each) => each.close()))
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function read(request: IncomingMessage): Promise<unknown> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) text += String(chunk)
  return text === '' ? undefined : JSON.parse(text)
}
