import { once } from 'node:events'
import { expect, test as base } from 'vitest'
import { WebSocket } from 'ws'
import { serveScript, type ScriptedServer } from './scripted-server.ts'

const test = base.extend<{ script: ScriptedServer }>({
  script: async ({}, use) => {
    const script = await serveScript()
    await use(script)
    await script.close()
  },
})

test('each request gets one response, the last one repeatedly, and requests are recorded', async ({ script }) => {
  script.respond([{ status: 401 }, { status: 503, headers: { 'retry-after': '7' }, body: 'later', delay: 5 }])
  const ask = async () => {
    const response = await fetch(`${script.url}a?b`, { headers: { 'x-token': 'one' } })
    return [response.status, response.headers.get('retry-after'), await response.text()]
  }
  expect([await ask(), await ask(), await ask()]).toEqual([
    [401, null, ''],
    [503, '7', 'later'],
    [503, '7', 'later'],
  ])
  expect(script.requests()).toHaveLength(3)
  expect(script.requests()[0]).toMatchObject({ method: 'GET', url: '/a?b', headers: { 'x-token': 'one' } })
})

test('a WebSocket is accepted without a subprotocol, sent its frames, and closed', async ({ script }) => {
  script.respond([{ frames: ['one', 'two'], close: { code: 4_000, reason: 'enough' } }])
  const socket = new WebSocket(script.url)
  const frames: string[] = []
  socket.on('message', (data: Buffer) => frames.push(data.toString()))
  const [code, reason] = await once(socket, 'close')
  expect([frames, code, String(reason), socket.protocol]).toEqual([['one', 'two'], 4_000, 'enough', ''])
})

test('a WebSocket is rejected if the response has no frames', async ({ script }) => {
  script.respond([{ status: 401, body: 'log in' }])
  const [error] = await once(new WebSocket(script.url), 'error')
  expect(String(error)).toContain('401')
})

test('close leaves no delayed or held response', async () => {
  const script = await serveScript()
  script.respond([{ hold: true, body: 'half' }, { frames: [] }, { delay: 1_000_000 }])
  await fetch(script.url)
  const socket = new WebSocket(script.url)
  await once(socket, 'open')
  const delayed = fetch(script.url).catch((error: unknown) => error)
  while (script.requests().length < 3) await new Promise(setImmediate)
  const gone = once(socket, 'close')
  await script.close()
  await gone
  expect(await delayed).toBeInstanceOf(TypeError)
})
