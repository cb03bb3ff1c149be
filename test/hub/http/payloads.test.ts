import { describe, expect } from 'vitest'
import { stream, test } from '../serve.ts'

const bodyOf = async (response: Response) => Buffer.from(await response.arrayBuffer())

const AWKWARD = {
  'nothing at all': '',
  'a NUL': 'a\0b',
  'line and paragraph separators': 'a\u2028b\u2029c',
  'a lone byte order mark': '\uFEFF',
  emoji: '👩‍🚀🇺🇦',
  'empty lines at both ends': '\n\na\n\n',
  'what looks like fields of an event stream': 'id: 9:9\nevent: push.end\n: comment\nretry: 1',
  'what looks like the head of a frame': 'push: end\n\n{}',
  'a megabyte': 'ü'.repeat(500_000),
}

describe.each(Object.entries(AWKWARD))('%s', (_, text) => {
  test('survives an event stream', async ({ serve }) => {
    const { hub, url } = await serve()
    const { next, leave } = await stream(`${url}a`)
    await next()
    const { id } = hub.publish('a', text)
    const [first, ...lines] = ((await next()) ?? '').split('\n')
    expect(first).toBe(`id: ${id}`)
    const named = lines[0] === 'event: push.message'
    if (named) lines.shift()
    expect(lines.every((line) => line.startsWith('data: '))).toBe(true)
    const data = lines.map((line) => line.slice(6)).join('\n')
    expect((named ? (JSON.parse(data) as { text: string }).text : data) === text).toBe(true)
    expect(named).toBe(text.includes('\0'))
    leave()
  })

  test('survives a WebSocket', async ({ serve, frames }) => {
    const { hub, url } = await serve()
    const { next } = frames(`${url}a`)
    await next()
    const { id } = hub.publish('a', text)
    const { head, body, binary } = await next()
    expect([head, binary]).toEqual([`id: ${id}\ncontent-type: text/plain`, false])
    expect(Buffer.from(body, 'latin1').equals(Buffer.from(text))).toBe(true)
  })

  test('survives a poll, alone and in an envelope', async ({ serve }) => {
    const { hub, url } = await serve({ startFrom: 'oldest' })
    hub.publish('a', text)
    const alone = await fetch(`${url}a?wait=0`)
    expect(alone.headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
    expect((await bodyOf(alone)).equals(Buffer.from(text))).toBe(true)
    hub.publish('a', 'after')
    const envelope = await fetch(`${url}a?wait=0&last_event_id=0:0`)
    expect((await bodyOf(envelope)).includes(`\r\n\r\n${text}\r\n--`)).toBe(true)
  })
})

describe('bytes', () => {
  test('are sent as base64 in an envelope, and unchanged alone', async ({ serve }) => {
    const { hub, url } = await serve({ startFrom: 'oldest' })
    hub.publish('a', Uint8Array.of(0, 255))
    const alone = await fetch(`${url}a?wait=0`)
    expect([alone.headers.get('content-type'), [...(await bodyOf(alone))]]).toEqual([
      'application/octet-stream',
      [0, 255],
    ])
    hub.publish('a', 'after')
    expect(await (await fetch(`${url}a?wait=0`)).text()).toMatch(
      /Content-Type: application\/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAP8=\r\n/,
    )
  })

  test('do not change after they were published', async ({ serve }) => {
    const { hub, url } = await serve({ startFrom: 'oldest' })
    const bytes = Uint8Array.of(1, 2)
    hub.publish('a', bytes)
    bytes.fill(9)
    expect([...(await bodyOf(await fetch(`${url}a?wait=0`)))]).toEqual([1, 2])
  })

  test.for([
    ['text/csv', false],
    ['application/json; charset=utf-8', false],
    ['application/vnd.api+json', false],
    ['image/svg+xml', false],
    ['application/javascript', false],
    ['image/png', true],
    ['application/octet-stream', true],
  ] as const)('of type %s are a binary frame: %s', async ([contentType, expected], { serve, frames }) => {
    const { hub, url } = await serve()
    const { next } = frames(`${url}a`)
    await next()
    hub.publish('a', 'x', { contentType })
    expect((await next()).binary).toBe(expected)
  })
})

test('a channel name may be any text, percent-encoded, with slashes', async ({ serve }) => {
  const { hub, url } = await serve({ startFrom: 'oldest' })
  for (const name of ['a/b', 'größe', '100%', 'a b?c#d', '👩‍🚀', 'x'.repeat(255)]) {
    hub.publish(name, name)
    expect(await (await fetch(`${url}${encodeURIComponent(name).replaceAll('%2F', '/')}?wait=0`)).text()).toBe(name)
  }
  expect(await (await fetch(`${url}a/b?wait=0`)).text()).toBe('a/b')
})
