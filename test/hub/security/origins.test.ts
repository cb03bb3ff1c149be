import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { createServer as createTlsServer, request as tlsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished } from 'vitest'
import { createHub, type AuthorizeRequest, type HubOptions } from 'pinia-push/hub'
import { makeCertificate } from '../../deploy/certificate.ts'
import { throughTunnel } from '../lines.ts'
import { raw, test, type Served } from '../serve.ts'

const PAGE = 'https://app.example'
const FRAME = `frame=abcdefgh&frame_parent=${encodeURIComponent(PAGE)}`

/** Each way in which a page of another origin can ask, and the credentials that `authorize` sees of it. */
const WAYS = {
  fetch: ({ port }, headers) => ask(port, 'GET /push/a?wait=0', headers),
  POST: ({ port }, headers) => ask(port, 'POST /push/a', `${headers}Content-Length: 0\r\n`),
  WebSocket: ({ port }, headers) => ask(port, 'GET /push/a', `${headers}${UPGRADE}`),
  tunnel: ({ port }, headers) => ask(port, 'GET /quotes', `${headers}${UPGRADE}`),
  'a frame': ({ port }, headers) => ask(port, `GET /push/a?${FRAME}`, headers.replace(/Origin:.*\r\n/, '')),
  'lines through the tunnel': async ({ hub, url }, headers) => {
    await hub.listenTcp()
    const { send, next, leave } = throughTunnel(url, fields(headers))
    onTestFinished(leave)
    send({ subscribe: './a' })
    await next()
  },
} satisfies Record<string, (served: Served, headers: string) => Promise<unknown>>

const UPGRADE =
  'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ws+meta.nchan\r\n'

const ask = (port: number, line: string, headers: string) =>
  raw(
    port,
    `${line} HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: ${headers.includes('Upgrade') ? 'Upgrade' : 'close'}\r\n\r\n`,
  )

const fields = (headers: string) =>
  Object.fromEntries(
    headers
      .trim()
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]),
  )

const tellTale = (options: HubOptions) => {
  const seen: Pick<AuthorizeRequest['headers'], 'cookie' | 'authorization'>[] = []
  return {
    seen,
    options: {
      ...options,
      tunnels: { '/quotes': { host: '127.0.0.1', port: 9 } },
      authorize({ headers: { cookie, authorization } }) {
        seen.push({ cookie, authorization })
        return false
      },
    } satisfies HubOptions,
  }
}

describe('an origin that `*` alone allows', () => {
  test.for(Object.entries(WAYS))(
    'is anonymous by %s: no cookie and no login of the browser',
    async ([, by], { serve }) => {
      const { seen, options } = tellTale({ allowedOrigins: ['*'] })
      const served = await serve(options)
      for (const scheme of ['Basic', 'basic', 'Digest', 'Negotiate', 'NTLM'])
        await by(served, `Origin: ${PAGE}\r\nCookie: session=alice\r\nAuthorization: ${scheme} YWxpY2U6eA==\r\n`)
      expect(seen).toEqual(Array.from({ length: 5 }, () => ({ cookie: undefined, authorization: undefined })))
    },
  )

  test.for(Object.entries(WAYS))('may send its own token by %s', async ([, by], { serve }) => {
    const { seen, options } = tellTale({ allowedOrigins: ['*'] })
    await by(await serve(options), `Origin: ${PAGE}\r\nCookie: session=alice\r\nAuthorization: Bearer token\r\n`)
    expect(seen).toEqual([{ cookie: undefined, authorization: 'Bearer token' }])
  })

  test.for(Object.entries(WAYS))('has credentials by %s if it is listed beside `*`', async ([, by], { serve }) => {
    const { seen, options } = tellTale({ allowedOrigins: ['*', PAGE] })
    await by(await serve(options), `Origin: ${PAGE}\r\nCookie: session=alice\r\n`)
    expect(seen).toEqual([{ cookie: 'session=alice', authorization: undefined }])
  })

  test('does not change clients that are not pages', async ({ serve }) => {
    const { seen, options } = tellTale({ allowedOrigins: ['*'] })
    const { port } = await serve(options)
    await ask(port, 'GET /push/a?wait=0', 'Cookie: session=alice\r\n')
    expect(seen).toEqual([{ cookie: 'session=alice', authorization: undefined }])
  })
})

describe('origins are compared by scheme, host and port', () => {
  const post = async (port: number, origin: string, host = `localhost:${port}`) => {
    const answer = await raw(
      port,
      `POST /push/a HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`,
    )
    return answer.slice(9, 12)
  }

  test('the hub’s own is its scheme, host and port', async ({ serve }) => {
    const { port } = await serve({ allowedHosts: ['push.example'] })
    expect(await post(port, `http://localhost:${port}`)).toBe('202')
    expect(await post(port, 'http://push.example', 'push.example')).toBe('202')
    expect(await post(port, 'http://push.example', 'push.example:80')).toBe('202')
    for (const [origin, host] of [
      [`https://localhost:${port}`],
      ['http://localhost'],
      [`http://127.0.0.1:${port}`],
      [`ws://localhost:${port}`],
      [`http://localhost:${port}.evil.example`],
      [`http://localhost:${port}/`],
      ['null'],
      ['https://push.example', 'push.example'],
      ['http://push.example:443', 'push.example:443x'],
    ] as const)
      expect([origin, await post(port, origin, host)]).toEqual([origin, '403'])
  })

  test('the scheme is https if the connection is encrypted', async () => {
    const { certificate: cert, keyFile, remove } = makeCertificate()
    onTestFinished(remove)
    const hub = createHub()
    const server = createTlsServer(
      { key: readFileSync(keyFile), cert },
      (request, response) => void hub.handle(request, response),
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(async () => {
      server.close()
      await hub.close()
    })
    const { port } = server.address() as AddressInfo
    const from = async (origin: string) => {
      const request = tlsRequest({ port, host: '127.0.0.1', path: '/push/a', method: 'POST', ca: cert })
      request.setHeader('Origin', origin)
      request.setHeader('Connection', 'close')
      request.end('x')
      const [answer] = await once(request, 'response')
      answer.resume()
      return answer.statusCode as number
    }
    expect([await from(`https://127.0.0.1:${port}`), await from(`http://127.0.0.1:${port}`)]).toEqual([202, 403])
  })

  test('a rejection names the origin and the options that would allow it', async ({ serve }) => {
    const { url } = await serve()
    const answer = await fetch(`${url}a`, { method: 'POST', headers: { origin: 'https://evil.example' } })
    expect(await answer.text()).toMatch(/"https:\/\/evil\.example" is not allowed.*`allowedOrigins`.*`trustedProxies`/)
  })

  test('a page of an origin that is not allowed is rejected everywhere, also by GET', async ({ serve }) => {
    const { hub, url } = await serve()
    const answer = await fetch(`${url}a?wait=0`, { headers: { origin: 'https://evil.example' } })
    expect([answer.status, hub.state('a')]).toEqual([403, undefined])
  })

  test.for([
    ['an image', 'cross-site', 'no-cors', 'image', '403'],
    ['a script of another port', 'same-site', 'no-cors', 'script', '403'],
    ['a frame', 'cross-site', 'navigate', 'iframe', '403'],
    ['a page of its own', 'same-origin', 'cors', 'empty', '304'],
    ['a page that a link leads to', 'cross-site', 'navigate', 'document', '304'],
    ['an address that a user types', 'none', 'navigate', 'document', '304'],
  ] as const)('%s, which has cookies and no Origin header', async ([, site, mode, dest, status], { serve }) => {
    const { port } = await serve()
    const head = `Sec-Fetch-Site: ${site}\r\nSec-Fetch-Mode: ${mode}\r\nSec-Fetch-Dest: ${dest}\r\nCookie: session=alice\r\n`
    const answer = await ask(port, 'GET /push/a?wait=0', head)
    expect(answer.slice(9, 12)).toBe(status)
    expect(answer).toContain('\r\nCross-Origin-Resource-Policy: same-origin\r\n')
  })

  test('a frame of an allowed origin may have no Origin header', async ({ serve }) => {
    const { url } = await serve({ allowedOrigins: [PAGE] })
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }
    const asked = get(`${url}a?${FRAME}`, { headers })
    const [answer] = await once(asked, 'response')
    asked.destroy()
    expect(answer.statusCode).toBe(200)
  })

  test('a request with two hosts is rejected, whatever they are', async ({ serve }) => {
    const { port } = await serve()
    expect(
      await raw(port, 'GET /push/a?wait=0 HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 400 /)
  })

  test.for([
    'https://app.example/',
    'HTTPS://app.example',
    'https://app.example:443',
    'app.example',
    'null',
    '',
    'https://*.example/x',
  ])('createHub rejects %j, which no browser sends as an origin', (origin) => {
    expect(() => createHub({ allowedOrigins: [origin] })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })

  test.for(['capacitor://localhost', 'chrome-extension://abcdefgh', 'http://[::1]:5173'])(
    'other schemes and addresses have origins too: %s',
    async (origin, { serve }) => {
      const { url } = await serve({ allowedOrigins: [origin] })
      const answer = await fetch(`${url}a?wait=0`, { headers: { origin } })
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([304, origin])
    },
  )
})
