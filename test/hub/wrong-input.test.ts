import { describe, expect } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { raw, test } from './serve.ts'

describe('wrong input', () => {
  test.for([
    ['GET', 'a?last_event_id=nonsense', 400, /"nonsense" is not a cursor\. .*<seconds>:<counter>/],
    ['GET', 'x'.repeat(256), 400, /1 to 255/],
    ['GET', 'a%0Ab', 400, /control/],
    ['GET', 'a%C2%85b', 400, /control/],
    ['GET', 'a?last_event_id=', 400, /"" is not a cursor/],
    ['GET', 'a?last_event_id=-1:0', 400, /"-1:0" is not a cursor/],
    ['GET', '%ff', 400, /percent/],
    ['PUT', 'a', 405, /PUT/],
    ['PATCH', 'a', 405, /PATCH/],
  ] as const)('%s %s is rejected with %i and one line', async ([method, path, status, line], { serve }) => {
    const { url } = await serve()
    const answer = await fetch(`${url}${path}`, { method })
    const body = await answer.text()
    expect([answer.status, body]).toEqual([status, expect.stringMatching(line)])
    expect(body.trimEnd()).not.toContain('\n')
  })

  test('a request outside its path is not handled by the hub', async ({ serve }) => {
    const { url } = await serve()
    expect((await fetch(new URL('/other', url))).status).toBe(404)
  })

  test.for(['//evil.example/push/a', 'http://evil.example/push/a', '/push/../other', '*'])(
    'a target like %s is not a channel',
    async (target, { serve }) => {
      const { port } = await serve()
      const answer = await raw(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 4/)
    },
  )

  test.for([
    ['If-Modified-Since: yesterday', 400],
    ['Last-Event-ID: nonsense', 400],
    ['If-None-Match: 5', 304],
  ] as const)('the response to the header %s is %i', async ([header, status], { serve }) => {
    const { port } = await serve()
    const answer = await raw(
      port,
      `GET /push/a?wait=0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n\r\n`,
    )
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status}`))
  })

  test.for([
    ['an upgrade to another protocol', '/push/a', 'h2c', /^HTTP\/1\.1 426[\s\S]*Upgrade: websocket/],
    ['a WebSocket elsewhere', '/other', 'websocket', /^HTTP\/1\.1 404/],
    ['a WebSocket without a channel', '/push/', 'websocket', /^HTTP\/1\.1 400[\s\S]*1 to 255/],
    ['a WebSocket that cannot be', '/push/a', 'websocket', /^HTTP\/1\.1 400/],
    ['a WebSocket with a wrong cursor', '/push/a?last_event_id=x', 'websocket', /^HTTP\/1\.1 400[\s\S]*not a cursor/],
  ] as const)('%s is rejected, and its connection closed', async ([, target, upgrade, answer], { serve }) => {
    const { port } = await serve()
    const head = `Host: localhost\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\nSec-WebSocket-Protocol: ws+meta.nchan`
    expect(await raw(port, `GET ${target} HTTP/1.1\r\n${head}\r\n\r\n`)).toMatch(answer)
  })

  test.for([
    [{ heartbeat: 0 }],
    [{ heartbeat: Infinity }],
    [{ history: { count: -1 } }],
    [{ startFrom: 3 }],
    [{ startFrom: Number.NaN }],
    [{ path: 'push' }],
  ] as const)('createHub rejects %o', ([options]) => {
    expect(() => createHub(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })
})
