import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished } from 'vitest'
import { place, test } from '../serve.ts'
import { frameOf, heads, type Head } from './session-client.ts'

const post = (url: string, session: unknown, frame: string, query = '', headers: Record<string, string> = {}) =>
  fetch(`${url}?session=${String(session)}${query}`, {
    method: 'POST',
    body: frame,
    headers: { 'content-type': 'text/plain', ...headers },
  })

/** Opens a session of polls, and reads its hello. */
async function open(url: string) {
  const response = await fetch(url)
  const [hello] = heads(await response.text())
  return { session: hello?.['session'], cursor: place(response) }
}

/** Polls once, without waiting. */
async function poll(url: string, cursor: string) {
  const response = await fetch(`${url}?wait=0&last_event_id=${encodeURIComponent(cursor)}`)
  const list = response.status === 200 ? heads(await response.text()) : []
  return { status: response.status, heads: list, cursor: response.status === 410 ? cursor : place(response) }
}

/** Opens a session that has subscribed `a`, behind `resume` where that is given. */
async function subscribed(url: string, resume?: string) {
  const { session, cursor } = await open(url)
  await post(url, session, frameOf([{ subscribe: 'a', id: 1, ...(resume !== undefined && { cursor: resume }) }]))
  const first = await poll(url, cursor)
  return { session, cursor: first.cursor, at: String(first.heads[0]?.['cursor']) }
}

/** A connection on which a test writes bytes. */
function raw(port: number): { socket: Socket; text: () => string } {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  let text = ''
  socket.on('data', (bytes) => void (text += String(bytes)))
  return { socket, text: () => text }
}

const longPoll = (cursor: string) =>
  `GET /push/?last_event_id=${encodeURIComponent(cursor)} HTTP/1.1\r\nHost: localhost\r\n\r\n`

const bodies = (list: readonly Head[]) => list.flatMap(({ body }) => (body === undefined ? [] : [body]))

describe('a POST that a browser repeats, because its connection was lost before the response', () => {
  test('is carried out once', async ({ serve }) => {
    const { url, hub } = await serve()
    const { at } = await subscribed(url)
    for (const message of ['1', '2']) hub.publish('a', message)
    const { session, cursor } = await open(url)
    const frame = frameOf([{ unsubscribe: 'a' }, { subscribe: 'a', id: 1, cursor: at }])
    expect((await post(url, session, frame, '&number=1')).status).toBe(204)
    const first = await poll(url, cursor)
    expect(bodies(first.heads)).toEqual(['1', '2'])
    expect((await post(url, session, frame, '&number=1')).status).toBe(204)
    expect((await post(url, session, frameOf([{ subscribe: 'b', id: 2 }]), '&number=2')).status).toBe(204)
    const second = await poll(url, first.cursor)
    expect(second.heads).toMatchObject([{ ok: 2 }])
  })

  test('and whose body was cut the first time is carried out', async ({ serve }) => {
    const { url, port } = await serve()
    const { session, cursor } = await open(url)
    const frame = frameOf([{ subscribe: 'a', id: 1 }])
    const { socket } = raw(port)
    socket.write(
      `POST /push/?session=${String(session)}&number=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${frame.length}\r\n\r\n${frame.slice(0, -1)}`,
    )
    await new Promise((resolve) => socket.once('ready', resolve))
    socket.destroy()
    await post(url, session, frame, '&number=1')
    expect((await poll(url, cursor)).heads).toMatchObject([{ ok: 1 }])
  })
})

describe('polls of one session', () => {
  test('in a row on one connection get the same message, and the next one nothing', async ({ serve }) => {
    const { url, hub, port } = await serve()
    const { cursor } = await subscribed(url)
    const { socket, text } = raw(port)
    socket.write(longPoll(cursor) + longPoll(cursor))
    await expect.poll(() => hub.state('a')?.subscribers).toBe(1)
    hub.publish('a', 'once')
    await expect.poll(() => text().split('\nonce').length).toBe(3)
    expect(text().match(/HTTP\/1\.1 200/g)).toHaveLength(2)
    const [, seconds, rest] = /^(\d+):(\d+\..*)$/.exec(cursor) ?? []
    const next = `${seconds}:${Number.parseInt(rest ?? '', 10) + 1}.${rest?.split('.')[1]}`
    expect(await poll(url, next)).toMatchObject({ status: 304 })
  })

  test('at once on two connections: the later one waits, and gets the message', async ({ serve }) => {
    const { url, hub, port } = await serve()
    const { cursor } = await subscribed(url)
    const both = [raw(port), raw(port)]
    for (const { socket } of both) socket.write(longPoll(cursor))
    const count = (text: string) => both.filter((connection) => connection.text().includes(text)).length
    await expect.poll(() => count('HTTP/1.1 304')).toBe(1)
    hub.publish('a', 'once')
    await expect.poll(() => count('\nonce')).toBe(1)
  })

  test('whose connection is lost in the middle of a response get all of it again', async ({ serve }) => {
    const { url, hub, port } = await serve()
    const { cursor } = await subscribed(url)
    const messages = Array.from({ length: 8 }, (_, n) => String(n).repeat(100_000))
    const { socket } = raw(port)
    socket.once('data', () => socket.destroy())
    socket.write(longPoll(cursor))
    await expect.poll(() => hub.state('a')?.subscribers).toBe(1)
    for (const message of messages) hub.publish('a', message)
    await new Promise((resolve) => socket.once('close', resolve))
    let at = cursor
    const got: string[] = []
    while (got.length < messages.length) {
      const next = await poll(url, at)
      expect(next.status).toBe(200)
      got.push(...bodies(next.heads))
      at = next.cursor
    }
    expect(got).toEqual(messages)
    expect((await poll(url, at)).status).toBe(304)
  })
})

describe('a POST to a session', () => {
  test('that stops in its middle does nothing, and the next one is carried out', async ({ serve }) => {
    const { url, hub, port } = await serve()
    const { session, cursor } = await subscribed(url)
    const frame = frameOf([{ publish: 'a', id: 2, body: 'half' }])
    const { socket } = raw(port)
    socket.write(
      `POST /push/?session=${String(session)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${frame.length}\r\n\r\n${frame.slice(0, -1)}`,
    )
    await new Promise((resolve) => socket.once('ready', resolve))
    socket.destroy()
    await post(url, session, frameOf([{ publish: 'a', id: 3, body: 'whole' }]))
    expect((await poll(url, cursor)).heads).toMatchObject([{ ok: 3 }, { body: 'whole' }])
    expect(hub.state('a')?.messages).toBe(1)
  })

  test('of another user is decided by that user’s own rights', async ({ serve }) => {
    const asked: (string | undefined)[] = []
    const { url, hub } = await serve({
      authorize: ({ headers }) => {
        asked.push(headers.authorization)
        return headers.authorization === 'ann'
      },
    })
    const { session, cursor } = await open(url)
    await post(url, session, frameOf([{ subscribe: 'a', id: 1 }]), '', { authorization: 'ann' })
    await post(url, session, frameOf([{ publish: 'a', id: 2, body: 'x' }]), '', { authorization: 'eve' })
    await expect.poll(() => asked).toEqual(['ann', 'eve'])
    await expect.poll(async () => (await poll(url, cursor)).heads).toMatchObject([{ ok: 1 }, { error: 2, status: 403 }])
    expect(hub.state('a')?.messages).toBe(0)
  })
})
