import { once } from 'node:events'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { createHub, type AuthorizeRequest } from 'pinia-push/hub'
import { raw, stream, test } from '../serve.ts'

const refusedUpgrade = async (url: string) => {
  const socket = new WebSocket(url.replace('http', 'ws'), 'ws+meta.nchan')
  const [, answer] = await once(socket, 'unexpected-response')
  let body = ''
  for await (const chunk of answer) body += String(chunk)
  return { status: answer.statusCode as number, head: answer.headers, body }
}

describe('authorize', () => {
  test('receives action, method, channel and technique of every request', async ({ serve, frames }) => {
    const asked: AuthorizeRequest[] = []
    const { url } = await serve({ authorize: (request) => asked.push(request) > 0 })
    await fetch(`${url}a?wait=0&token=x`, { headers: { authorization: 'Bearer y' } })
    await fetch(`${url}a`, { method: 'POST', body: 'one' })
    await fetch(`${url}a`, { headers: { accept: 'application/json' } })
    const { leave } = await stream(`${url}b`)
    await frames(`${url}c`).next()
    await fetch(`${url}d`)
    await fetch(`${url}e?frame=token-of-1&frame_parent=${encodeURIComponent(new URL(url).origin)}`, {
      headers: { 'sec-fetch-dest': 'iframe' },
    }).then((response) => response.body?.cancel())
    await fetch(`${url}f`, { headers: { accept: 'multipart/mixed' } }).then((response) => response.body?.cancel())
    await fetch(`${url}a`, { method: 'DELETE' })
    await fetch(`${url}a`, { method: 'OPTIONS' })
    leave()
    expect(asked.map(({ action, method, channel, technique }) => [action, method, channel, technique])).toEqual([
      ['subscribe', 'GET', 'a', 'polling'],
      ['publish', 'POST', 'a', undefined],
      ['state', 'GET', 'a', undefined],
      ['subscribe', 'GET', 'b', 'sse'],
      ['subscribe', 'GET', 'c', 'webSocket'],
      ['subscribe', 'GET', 'd', 'longPolling'],
      ['subscribe', 'GET', 'e', 'iframeStream'],
      ['subscribe', 'GET', 'f', 'stream'],
      ['delete', 'DELETE', 'a', undefined],
    ])
    expect([asked[0]?.query.get('token'), asked[0]?.headers.authorization, asked[0]?.clientIp]).toEqual([
      'x',
      'Bearer y',
      '127.0.0.1',
    ])
  })

  test('sends its 401 and 403 with their reason to every client', async ({ serve }) => {
    const { hub, url } = await serve({
      authorize: async ({ channel }) =>
        channel === 'a' ? { status: 401, reason: 'no token', headers: { 'WWW-Authenticate': 'Bearer' } } : false,
    })
    for (const accept of ['*/*', 'text/event-stream', 'multipart/mixed', 'application/json']) {
      const answer = await fetch(`${url}a`, { headers: { accept } })
      expect([answer.status, answer.headers.get('www-authenticate'), await answer.text()]).toEqual([
        401,
        'Bearer',
        'no token\n',
      ])
    }
    const upgrade = await refusedUpgrade(`${url}a`)
    expect([upgrade.status, upgrade.head['www-authenticate'], upgrade.body]).toEqual([401, 'Bearer', 'no token\n'])
    expect((await fetch(`${url}b`, { method: 'POST', body: 'x' })).status).toBe(403)
    expect((await refusedUpgrade(`${url}b`)).status).toBe(403)
    expect([hub.state('a'), hub.state('b')]).toEqual([undefined, undefined])
  })

  test.for([
    [
      'throws',
      () => {
        throw new Error('secret')
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ] as const)('a function that %s allows nothing, and its error is not sent', async ([, authorize], { serve }) => {
    const { url } = await serve({ authorize, log: () => {} })
    const answer = await fetch(`${url}a`)
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining('secret')])
    expect((await refusedUpgrade(`${url}a`)).status).toBe(500)
  })

  test('is called for each message of a WebSocket, and keeps their order', async ({ serve, frames }) => {
    const decisions: (() => void)[] = []
    const { hub, url } = await serve({
      authorize: ({ action }) =>
        action === 'subscribe' || new Promise((resolve) => decisions.push(() => resolve(decisions.length < 4))),
    })
    const { socket, next, closed } = frames(`${url}a`)
    await next()
    for (const text of ['one', 'two', 'three', 'refused', 'after it']) socket.send(text)
    for (const [before, text] of ['one', 'two', 'three'].entries()) {
      while (decisions.length === before) await new Promise(setImmediate)
      expect(decisions).toHaveLength(before + 1)
      decisions[before]?.()
      expect((await next()).body).toBe(text)
    }
    while (decisions.length < 4) await new Promise(setImmediate)
    decisions[3]?.()
    expect(await closed).toEqual({ code: 1_008, reason: 'Forbidden' })
    expect(hub.state('a')?.messages).toBe(3)
  })

  test('leaves nothing behind if the client leaves meanwhile, and a hub that closes rejects at once', async ({
    serve,
  }) => {
    const waiting: ((allowed: boolean) => void)[] = []
    const { hub, url } = await serve({ authorize: () => new Promise((resolve) => waiting.push(resolve)) })
    const abort = new AbortController()
    const left = fetch(`${url}a`, { headers: { accept: 'text/event-stream' }, signal: abort.signal }).catch(
      () => 'left',
    )
    while (waiting.length < 1) await new Promise(setImmediate)
    abort.abort()
    await left
    const late = fetch(`${url}b`, { headers: { accept: 'text/event-stream' } })
    while (waiting.length < 2) await new Promise(setImmediate)
    void hub.close()
    for (const resolve of waiting) resolve(true)
    expect((await late).status).toBe(503)
    expect([hub.state('a'), hub.state('b')]).toEqual([undefined, undefined])
  })

  test('lets the hub listen on other addresses than loopback, under its `allowedHosts`', async () => {
    const hub = createHub({ authorize: () => true, allowedHosts: ['push.example'] })
    const { port, close } = await hub.listen({ host: '0.0.0.0' })
    const ask = (host: string) => raw(port, `GET /push/a?wait=0 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    expect(await ask('push.example')).toMatch(/^HTTP\/1\.1 304/)
    expect(await ask('192.0.2.1')).toMatch(/^HTTP\/1\.1 403/)
    await close()
  })
})
