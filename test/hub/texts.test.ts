import { describe, expect, onTestFinished } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { overTcp } from './lines.ts'
import { raw, test } from './serve.ts'

/** Three bytes of UTF-8 each, so that a limit of characters is passed three times over. */
const WIDE = '语'
const bytes = (text: string) => Buffer.byteLength(text)

describe('the reason of a WebSocket’s close', () => {
  test.for([
    ['wide characters', WIDE.repeat(300)],
    ['pairs of surrogates', '🙂'.repeat(200)],
    ['a byte, and wide characters', `x${WIDE.repeat(300)}`],
    ['two bytes, and wide characters', `xx${WIDE.repeat(300)}`],
  ] as const)('has at most 123 bytes and only complete characters: %s', async ([, reason], { serve, frames }) => {
    const { url } = await serve({ authorize: ({ action }) => action === 'subscribe' || { status: 403, reason } })
    const { socket, next, closed } = frames(`${url}a`)
    await next()
    socket.send('x')
    const said = await closed
    expect(said.code).toBe(1_008)
    expect(bytes(said.reason)).toBeLessThanOrEqual(123)
    expect(bytes(said.reason)).toBeGreaterThan(115)
    expect(`${reason}…`.startsWith(said.reason.replace('…', ''))).toBe(true)
    expect(said.reason).not.toContain('\uFFFD')
  })

  test('is complete if it fits', async ({ serve, frames }) => {
    const reason = WIDE.repeat(41)
    const { url } = await serve({ authorize: ({ action }) => action === 'subscribe' || { status: 403, reason } })
    const { socket, next, closed } = frames(`${url}a`)
    await next()
    socket.send('x')
    expect(await closed).toEqual({ code: 1_008, reason })
  })

  test('may contain any channel name', async ({ serve, frames }) => {
    const { url } = await serve({
      authorize: ({ action, channel }) => action === 'subscribe' || { status: 403, reason: `${channel} is not yours` },
    })
    const { socket, next, closed } = frames(`${url}${encodeURIComponent(WIDE.repeat(255))}`)
    await next()
    socket.send('x')
    expect((await closed).reason).toContain(WIDE.repeat(30))
  })
})

describe('a rejection that quotes a client’s value', () => {
  const BELL = '\u0007'
  const LONG = 'x'.repeat(9_000)

  test.for([
    ['its Host', `GET /push/a HTTP/1.1\r\nHost: \u00e9\u0085${LONG}`, 403],
    ['its Origin', `POST /push/a HTTP/1.1\r\nHost: localhost\r\nOrigin: \u00e9\t\u0085${LONG}`, 403],
    ['its cursor', `GET /push/a?last_event_id=%07%0d%0a%E2%80%A8${LONG} HTTP/1.1\r\nHost: localhost`, 400],
    ['its cursor in a header', `GET /push/a HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: \u0085${LONG}`, 400],
    ['its parent', `GET /push/a?frame=abcdefgh&frame_parent=%07%0d%0a${LONG} HTTP/1.1\r\nHost: localhost`, 403],
  ] as const)('is one printable line of bounded length: %s', async ([, request, status], { serve }) => {
    const { port } = await serve()
    const answer = await raw(port, `${request}\r\nConnection: close\r\n\r\n`)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    expect(Number(head.slice(9, 12))).toBe(status)
    expect(body).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]+\n$/u)
    expect(bytes(body)).toBeLessThan(2_100)
    expect(answer.split('\r\n\r\n')).toHaveLength(2)
  })

  test('is one JSON line over TCP', async ({ serve }) => {
    const { hub } = await serve()
    const { send, next, leave } = overTcp((await hub.listenTcp()).port)
    onTestFinished(leave)
    send({ subscribe: `./a?last_event_id=${encodeURIComponent(`${BELL}\r\n${LONG}`)}` })
    const { status, body } = (await next()) as { status: number; body: string }
    expect([status, bytes(body) < 2_100, /\p{Cc}/u.test(body)]).toEqual([400, true, false])
    expect(await next()).toBeUndefined()
  })
})

describe('a line of the log', () => {
  test('contains no control characters and has up to 2 KiB, for any request', async () => {
    const lines: string[] = []
    const hub = createHub({ log: (line) => void lines.push(line) })
    const url = `/push/${'\u001B[31m\r\nforged: line'}${'x'.repeat(9_000)}`
    hub.handle({ url, headers: {}, method: 'GET' } as never, { headersSent: true } as never)
    await hub.close()
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^pinia-push: .*\\u\{1b\}\[31m\\u\{d\}\\u\{a\}forged: line/)
    expect(lines[0]).not.toMatch(/\p{Cc}/u)
    expect(bytes(lines[0] ?? '')).toBeLessThan(2_100)
  })
})
