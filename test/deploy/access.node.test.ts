import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:http2'
import { request, type RequestOptions } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ipv6 } from './places.ts'
import { startDeployed } from './node-deployed.ts'

const ORIGIN = 'https://app.example.com'

let node: Awaited<ReturnType<typeof startDeployed>>
let tokenFor: typeof import('../../deploy/authorize.mjs').tokenFor

beforeAll(async () => {
  node = await startDeployed(ORIGIN, { ipv6: ipv6().address === '::1' })
  // It reads the secret when it is loaded.
  ;({ tokenFor } = await import('../../deploy/authorize.mjs'))
})
afterAll(() => node.close())

const SOON = Math.floor(Date.now() / 1_000) + 600
const good = (channel: string) => `?token=${tokenFor(channel, SOON)}`

interface Answer {
  status: number | undefined
  headers: Record<string, unknown>
  body: string
}

/** Asks the public listener; of an answer that does not end the first bytes. */
const ask = (path: string, { body, ...options }: RequestOptions & { body?: string } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(new URL(path, node.url), { ca: node.certificate, ...options })
    const answered = ({ statusCode: status, headers }: IncomingMessage, text = '') => {
      resolve({ status, headers: { ...headers }, body: text })
      asked.destroy()
    }
    asked.on('response', (response) => {
      response.setEncoding('utf8')
      response.once('data', (text: string) => answered(response, text)).once('end', () => answered(response))
    })
    asked.on('upgrade', (response) => answered(response))
    asked.on('error', reject).end(body)
  })

const STREAM = { accept: 'text/event-stream', origin: ORIGIN }
const UPGRADE = {
  origin: ORIGIN,
  connection: 'upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'ws+meta.nchan',
}
const FRAME = (origin: string) => `&frame=word1234&frame_parent=${encodeURIComponent(origin)}`

/** Every way to read that has a location of its own. */
const WAYS = {
  'a stream': { query: '', headers: STREAM, status: 200 },
  'a WebSocket': { query: '', headers: UPGRADE, status: 101 },
  'a poll': { query: '&wait=0', headers: { origin: ORIGIN }, status: 200 },
  'a long poll': { query: '', headers: { origin: ORIGIN }, status: 200 },
  'a forever frame': { query: FRAME(ORIGIN), headers: {}, status: 200 },
}
const ways = Object.entries(WAYS)

describe('the deployed configuration', () => {
  test.each(ways)('lets %s read with a token', async (_, { query, headers, status }) => {
    const answer = await ask(`a${good('a')}${query}`, { headers })
    expect(answer.status).toBe(status)
  })

  test.each(ways)(
    'rejects %s without a token, with one for another channel, and with an expired one',
    async (_, way) => {
      const { query, headers } = way
      const expired = `?token=${tokenFor('a', SOON - 1_200)}`
      const tries = [`a?${query}`, `a${good('b')}${query}`, `a${expired}${query}`]
      const answers = await Promise.all(tries.map((path) => ask(path, { headers })))
      expect(answers.map(({ status }) => status)).toEqual([401, 403, 401])
    },
  )

  test.each(ways)('rejects %s from a page of another origin', async (_, { query, headers }) => {
    const other = 'https://evil.example'
    const asOther = query.includes('frame')
      ? { query: FRAME(other), headers }
      : { query, headers: { ...headers, origin: other } }
    const answer = await ask(`a${good('a')}${asOther.query}`, { headers: asOther.headers })
    expect(answer.status).toBe(403)
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('lets a page of its origin read, and send a token in a header', async () => {
    const stream = await ask(`a${good('a')}`, { headers: STREAM })
    expect(stream.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN })
    const preflight = await ask('a', {
      method: 'OPTIONS',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    })
    expect(preflight).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-headers': expect.stringContaining('Authorization'),
      },
    })
    const authorization = `Bearer ${tokenFor('a', SOON)}`
    expect((await ask('a', { headers: { ...STREAM, authorization } })).status).toBe(200)
  })

  test('is reachable by IPv6 too', async () => {
    // Its certificate is for 127.0.0.1.
    const { host } = new URL(node.url)
    const answer = await ask(`a${good('a')}`, { headers: { ...STREAM, host }, host: '::1', servername: '127.0.0.1' })
    expect(answer.status).toBe(200)
  })

  test.each(ways)('does not read the body of %s as the next request, by HTTP/2', async (_, { query }) => {
    const { origin, pathname } = new URL(node.url)
    const session = connect(origin, { ca: node.certificate })
    const hidden = `GET ${pathname}hidden${good('hidden')} HTTP/1.1\r\nHost: push.test\r\nX-Address: 203.0.113.7\r\n\r\n`
    for (const token of [`?token=1`, good('a')]) {
      // Without a length: HTTP/2 ends a body by itself.
      const headers = { ':method': 'GET', ':path': `${pathname}a${token}${query}`, origin: ORIGIN }
      const asked = session.request(headers, { endStream: false })
      asked.end(hidden.repeat(3))
      await once(asked, 'response')
      asked.destroy()
    }
    session.destroy()
    // The guard begins what it is asked about, in order.
    await ask(`later${good('later')}`, { headers: STREAM })
    expect((await fetch(`${node.publisher}/channels/later`)).status).toBe(200)
    expect((await fetch(`${node.publisher}/channels/hidden`)).status).toBe(404)
  })

  test('rejects publications from outside', async () => {
    const read = await ask(`secret${good('secret')}`, { method: 'POST', body: 'x', headers: { origin: ORIGIN } })
    expect(read.status).toBe(403)
    for (const path of [
      '/channels/secret',
      '/status',
      '/guard',
      '/wait/push/a',
      '/poll/push/a',
      '/frame/push/a',
      '/preflight/push/a',
    ])
      expect({ path, status: (await ask(path, { method: 'POST', body: 'x' })).status }).toEqual({ path, status: 404 })
    const state = await fetch(`${node.publisher}/channels/secret`)
    expect(state.status).toBe(404)
  })

  test('responds with 413 to a message above the limit, and with 201 or 202 to one below', async () => {
    const post = async (length: number) => {
      const answer = await fetch(`${node.publisher}/channels/large`, { method: 'POST', body: 'x'.repeat(length) })
      await answer.text()
      return answer.status
    }
    expect(await post(4 * 2 ** 20 + 1)).toBe(413)
    expect(await post(4 * 2 ** 20)).toBe(202)
  })
})
