import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type RequestHandler } from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createHub, type Hub, type HubOptions } from 'pinia-push/hub'
import { stream } from '../serve.ts'

/** Serves an application, and a hub that it hands requests to. */
async function serve(application: (hub: Hub) => RequestListener, options: HubOptions = {}) {
  const hub = createHub({ startFrom: 'oldest', ...options })
  const server = createServer(application(hub))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    server.close()
    await hub.close()
    server.closeAllConnections()
  })
  return { hub, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const post = (url: string, body: BodyInit, contentType: string) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': contentType } })

/** What is published, with its type, or the status of the refusal. */
async function published(url: string, body: string | Uint8Array<ArrayBuffer>, contentType = 'application/json') {
  const answer = await post(`${url}/push/a`, body, contentType)
  if (!answer.ok) return `${answer.status}: ${await answer.text()}`
  const poll = await fetch(`${url}/push/a?wait=0`)
  return [poll.headers.get('content-type'), await poll.text()]
}

const JSON_TEXT = '{"price": 12.50}'

describe('behind a body parser', () => {
  const behind = (parser: RequestHandler, options?: HubOptions) =>
    serve((hub) => {
      const app = express()
      app.use(parser)
      app.use((request, response, next) => void (hub.handle(request, response) || next()))
      return app
    }, options)

  test('a parsed JSON body is serialised again and published', async () => {
    const { url } = await behind(express.json())
    expect(await published(url, JSON_TEXT)).toEqual(['application/json', '{"price":12.5}'])
  })

  test('its own bytes are published if they were kept as `rawBody`', async () => {
    const verify = (request: IncomingMessage & { rawBody?: Buffer }, _: unknown, bytes: Buffer) =>
      void (request.rawBody = bytes)
    const { url } = await behind(express.json({ verify }))
    expect(await published(url, JSON_TEXT)).toEqual(['application/json', JSON_TEXT])
  })

  test('text and bytes are published unchanged', async () => {
    const text = await behind(express.text())
    expect(await published(text.url, 'größe\r\n', 'text/plain')).toEqual(['text/plain', 'größe\r\n'])
    const bytes = await behind(express.raw())
    expect(await published(bytes.url, Uint8Array.of(104, 105), 'application/octet-stream')).toEqual([
      'application/octet-stream',
      'hi',
    ])
  })

  test('a body that the parser does not read is read by the hub', async () => {
    const { url } = await behind(express.json())
    expect(await published(url, 'hello', 'text/plain')).toEqual(['text/plain', 'hello'])
  })

  test('a body that was already read is rejected with 500 at once, with the fix', async () => {
    const lines: string[] = []
    const { url } = await behind(express.urlencoded({ extended: false }), { log: (line) => void lines.push(line) })
    expect(await published(url, 'a=b', 'application/x-www-form-urlencoded')).toMatch(
      /^500: .*Mount the hub before the parser.*`request\.rawBody`/,
    )
    expect(lines).toEqual([expect.stringContaining('Mount the hub before the parser')])
  })

  test('the limits of the hub apply', async () => {
    const { url } = await behind(express.text({ limit: '1mb' }), { maxMessageBytes: 10 })
    expect(await published(url, 'x'.repeat(11), 'text/plain')).toMatch(/^413: /)
  })
})

describe('if the application reads the body itself', () => {
  /** Reads the whole body, sets the given properties, and passes the request on. */
  const reading = (leave: Record<string, unknown>) =>
    serve(
      (hub) => async (request, response) => {
        if (request.method === 'POST') for await (const _ of request);
        Object.assign(request, leave)
        hub.handle(request, response)
      },
      { log: () => {} },
    )
  const circular: Record<string, unknown> = {}
  circular['self'] = circular

  test.for([
    ['bytes', { body: Buffer.from('bytes') }, 'bytes'],
    ['bytes of another kind', { body: new TextEncoder().encode('bytes') }, 'bytes'],
    ['a text', { body: 'text' }, 'text'],
    ['both, of which the raw one is exact', { rawBody: '{"n": 1.0}', body: { n: 1 } }, '{"n": 1.0}'],
    ['a list', { body: [1, { a: null }] }, '[1,{"a":null}]'],
    ['null', { rawBody: undefined, body: null }, 'null'],
  ] as const)('%s is published', async ([, leave, text]) => {
    const { url } = await reading(leave)
    expect(await published(url, '{}', 'application/vnd.x+json; charset=utf-8')).toEqual([
      'application/vnd.x+json; charset=utf-8',
      text,
    ])
  })

  test.for([
    ['nothing', {}],
    ['an object that has no JSON', { body: circular }],
    ['a function', { body: () => {} }],
    ['a bigint', { body: { n: 1n } }],
  ] as const)('%s causes a 500 at once', async ([, leave]) => {
    const { url } = await reading(leave)
    expect(await published(url, '{}')).toMatch(/^500: /)
  })

  test('an empty body is an empty message', async () => {
    const { url } = await reading({})
    expect(await published(url, '', 'text/plain')).toEqual(['text/plain', ''])
  })
})

describe('under a path that the framework strips', () => {
  test('every request gets a response, and other paths are left to the application', async () => {
    const { hub, url } = await serve((hub) => {
      const app = express()
      app.use('/push', (request, response, next) => void (hub.handle(request, response) || next()))
      app.use((_, response) => void response.status(418).end())
      return app
    })
    expect((await post(`${url}/push/a/b?x=1`, 'hello', 'text/plain')).status).toBe(202)
    expect(hub.state('a/b')?.messages).toBe(1)
    const { next, leave } = await stream(`${url}/push/a/b`)
    await next()
    expect(await next()).toMatch(/data: hello$/)
    leave()
    expect((await fetch(`${url}/other`)).status).toBe(418)
    expect((await fetch(`${url}/PUSH/a`)).status).toBe(418)
  })

  test('the path is still compared byte for byte', async () => {
    const { url } = await serve((hub) => {
      const app = express()
      app.use('/push', (request, response, next) => void (hub.handle(request, response) || next()))
      return app
    })
    expect((await fetch(`${url}/push/x%2f..%2fsecret`)).status).toBe(400)
  })

  test('a router within a router is supported too', async () => {
    const { url } = await serve(
      (hub) => {
        const inner = express.Router()
        inner.use('/push', (request, response, next) => void (hub.handle(request, response) || next()))
        return express().use('/api', inner)
      },
      { path: '/api/push/' },
    )
    expect((await fetch(`${url}/api/push/a?wait=0`)).status).toBe(304)
  })

  test.for([
    ['/push/a?wait=0', '/a?wait=0', true],
    ['/push/a?wait=0', undefined, true],
    ['/other/a', '/push/a?wait=0', true],
    ['/other/a', '/other/a', false],
    ['/other/a', undefined, false],
    ['/other/a', { toString: (): string => '/push/a' }, false],
  ] as const)('url %s and originalUrl %s: the hub’s is %s', async ([url, originalUrl, own]) => {
    const { url: at } = await serve((hub) => (request, response) => {
      Object.assign(request, { url, originalUrl })
      if (!hub.handle(request, response)) response.writeHead(418).end()
    })
    expect((await fetch(at)).status).toBe(own ? 304 : 418)
  })
})
