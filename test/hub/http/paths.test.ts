import { describe, expect } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { overTcp, throughTunnel } from '../lines.ts'
import { raw, test } from '../serve.ts'

const get = (port: number, target: string, head = '') =>
  raw(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${head}\r\n`)
const UPGRADE =
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ws+meta.nchan\r\n'

/** Targets that two parsers may read in two ways; each names `secret` to one of them. */
const AMBIGUOUS = [
  ['a dot segment', 'x/../secret'],
  ['a dot segment at its end', 'secret/..'],
  ['a single dot', 'x/./secret'],
  ['an encoded dot segment', 'x/%2e%2E/secret'],
  ['a half-encoded dot segment', 'x/.%2e/secret'],
  ['a backslash', 'x\\secret'],
  ['a backslash for a slash in a dot segment', 'x\\..\\secret'],
  ['an encoded backslash', 'x%5csecret'],
  ['an encoded slash', 'x%2fsecret'],
  ['a letter that is encoded twice', '%2573ecret'],
  ['a dot segment that is encoded twice', 'x/%252e%252e/secret'],
  ['an escape whose digits are encoded too', '%25%37%33ecret'],
  ['a byte outside ASCII', 'secr\u00e9t'],
  ['a % without digits', 'secret%'],
  ['a % with one digit', 'secret%4'],
  ['a fragment', 'secret#x'],
  ['bytes that are not UTF-8', 'secret%ff'],
] as const

describe('a path is compared byte for byte', () => {
  test.for(AMBIGUOUS)('%s is rejected with 400, before `authorize`: %s', async ([, path], { serve }) => {
    const asked: string[] = []
    const { port } = await serve({ authorize: ({ channel }) => asked.push(channel) > 0 })
    const answers = [await get(port, `/push/${path}?wait=0`), await get(port, `/push/${path}`, UPGRADE)]
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(asked).toEqual([])
  })

  test.for(AMBIGUOUS)('%s is rejected in a TCP line too: %s', async ([, path], { serve }) => {
    const { hub, url } = await serve()
    const { port } = await hub.listenTcp()
    for (const reference of [path, `./${path}`, `/push/${path}`])
      for (const { send, next, leave } of [overTcp(port), throughTunnel(url)]) {
        send({ subscribe: reference })
        expect(await next()).toMatchObject({ status: 400 })
        leave()
      }
  })

  test.for(['/x/../push/secret', '/x/%2e%2e/push/secret', '/x\\..\\push\\secret', '/%70ush/secret', '/./push/secret'])(
    'a target that only resolves to a channel is not one: %s',
    async (target, { serve }) => {
      const asked: string[] = []
      const { port } = await serve({ authorize: ({ channel }) => asked.push(channel) > 0 })
      for (const head of ['', UPGRADE]) expect(await get(port, target, head)).toMatch(/^HTTP\/1\.1 40[04] /)
      expect(asked).toEqual([])
    },
  )

  test('a target outside the path is left to the application, whatever it resolves to', () => {
    const hub = createHub()
    for (const url of ['/x/../push/a', '/x\\..\\push/a', '//push/a', '/Push/a', 'http://localhost/push/a', '*', ''])
      expect(hub.handle({ url, headers: {}, method: 'GET' } as never, {} as never)).toBe(false)
    void hub.close()
  })

  test('`authorize` receives exactly the name that is read and published to', async ({ serve }) => {
    const asked: string[] = []
    const { hub, port } = await serve({ authorize: ({ channel }) => asked.push(channel) > 0 })
    const name = 'größe/50 %/a?b'
    const target = `/push/gr%C3%B6%c3%9fe/50%20%25/a%3Fb?token=..%2F..%5C%2525`
    expect(await get(port, `${target}&wait=0`)).toMatch(/^HTTP\/1\.1 304 /)
    const body = 'Content-Length: 1\r\n\r\nx'
    const posted = `POST ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${body}`
    expect(await raw(port, posted)).toMatch(/^HTTP\/1\.1 202 /)
    expect([asked, hub.state(name)?.messages]).toEqual([[name, name], 1])
  })

  test.for([
    { path: '/a/../push/' },
    { path: '/pu%2fsh/' },
    { path: '/push?x/' },
    { tunnels: { '/quotes/../x': { host: '127.0.0.1', port: 1 } } },
    { tunnels: { '/quotes?x': { host: '127.0.0.1', port: 1 } } },
  ])('createHub rejects a path that no request can have: %o', (options) => {
    expect(() => createHub(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })

  test.for(['..', 'a/./b', 'a\\b', '%41'])('`publish` rejects a name that no request can have: %s', (name) => {
    const hub = createHub()
    expect(() => hub.publish(name, 'x')).toThrow(expect.objectContaining({ code: 'invalid-channel' }))
    void hub.close()
  })
})
