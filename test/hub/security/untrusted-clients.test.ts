import { once } from 'node:events'
import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { raw, test } from '../serve.ts'

describe('untrusted clients', () => {
  test('are rejected by Host, so that no name can be rebound to this machine', async ({ serve }) => {
    const { port } = await serve({ allowedHosts: ['push.example'] })
    const ask = (host: string) => raw(port, `GET /push/a?wait=0 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    expect(await ask('evil.example')).toMatch(/^HTTP\/1\.1 403/)
    expect(await ask('push.example:80')).toMatch(/^HTTP\/1\.1 304/)
    expect(await ask(`localhost:${port}`)).toMatch(/^HTTP\/1\.1 304/)
  })

  test('cannot publish, delete or connect from a page of another origin', async ({ serve, frames }) => {
    const { hub, url } = await serve({ allowedOrigins: ['https://app.example'] })
    hub.publish('a', 'one')
    const from = (origin: string) => ({ origin })
    for (const method of ['POST', 'DELETE']) {
      const refused = await fetch(`${url}a`, { method, headers: from('https://evil.example') })
      expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('https://evil.example')])
    }
    expect((await frames(`${url}a`, from('https://evil.example')).closed).code).toBe(1_006)
    expect((await fetch(`${url}a`, { method: 'POST', body: 'x', headers: from('https://app.example') })).status).toBe(
      202,
    )
    expect((await fetch(`${url}a`, { method: 'POST', body: 'x', headers: from(new URL(url).origin) })).status).toBe(202)
  })

  test('cannot read from other origins unless they are listed', async ({ serve }) => {
    const { url } = await serve({ allowedOrigins: ['https://app.example'] })
    const allowed = async (origin: string) =>
      (await fetch(`${url}a?wait=0`, { headers: { origin } })).headers.get('access-control-allow-origin')
    expect([
      await allowed('https://app.example'),
      await allowed('https://evil.example'),
      await allowed('null'),
    ]).toEqual(['https://app.example', null, null])
    const refused = await fetch(`${url}a`, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } })
    expect(refused.status).toBe(403)
    const preflight = await fetch(`${url}a`, { method: 'OPTIONS', headers: { origin: 'https://app.example' } })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('Last-Event-ID'),
    ])
  })

  test('can read if all origins are allowed, but never with credentials', async ({ serve }) => {
    const { url } = await serve({ allowedOrigins: ['*'] })
    const { headers } = await fetch(`${url}a?wait=0`, { headers: { origin: 'https://any.example' } })
    expect([headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')]).toEqual([
      'https://any.example',
      null,
    ])
    expect(headers.get('access-control-expose-headers')).toContain('Push-Gap')
  })

  test('cannot publish a page that runs with this origin', async ({ serve }) => {
    const { hub, url } = await serve({ startFrom: 'oldest' })
    hub.publish('a', '<script>alert(1)</script>', { contentType: 'text/html' })
    expect((await fetch(`${url}a?wait=0`)).headers.get('content-security-policy')).toMatch(/sandbox/)
  })

  test('are recognized over HTTP/2 too', async () => {
    const hub = createHub()
    const server = createServer((request, response) => hub.handle(request as never, response as never))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const status = async (authority: string) => {
      const request = client.request({ ':path': '/push/a?wait=0', ':authority': authority })
      const [head] = await once(request, 'response')
      request.close()
      return head[':status'] as unknown
    }
    expect([await status('localhost'), await status('evil.example')]).toEqual([304, 403])
    client.destroy()
    server.close()
    await hub.close()
  })

  test('a hub listens on loopback only', async () => {
    const hub = createHub()
    await expect(hub.listen({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'not-loopback' })
    hub.close()
  })
})
