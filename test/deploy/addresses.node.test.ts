import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuthorizeRequest } from '../../src/hub/index.ts'
import { guards } from '../servers/guard.ts'
import { startNginx, type Nginx } from '../servers/nginx.ts'
import { anotherMachine, ipv6, local, type Place } from './places.ts'
import { exchange, headOf, request } from './raw.ts'

const ORIGIN = 'https://app.example.com'
const PLACES = ['127.0.0.2', 'IPv6', 'another machine'] as const

const UPGRADE = [
  'Connection: upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
const WAYS: Record<string, { query: string; headers?: string[]; status: number }> = {
  stream: { query: '', headers: ['Accept: text/event-stream'], status: 200 },
  WebSocket: { query: '', headers: UPGRADE, status: 101 },
  poll: { query: 'wait=0', status: 200 },
  'long-poll': { query: '', status: 200 },
  frame: { query: `frame=word1234&frame_parent=${encodeURIComponent(ORIGIN)}`, status: 200 },
}
const rows = PLACES.flatMap((place) => Object.keys(WAYS).map((way) => [way, place] as const))

let places: Place[]
let nginx: Nginx
const asked: AuthorizeRequest[] = []
beforeAll(async () => {
  places = [local('127.0.0.2'), ipv6(), await anotherMachine()]
  const listens = new Set(['127.0.0.1', ...places.map(({ listen }) => listen)])
  nginx = await startNginx({
    guard: guards((question) => asked.push(question) > 0).start,
    changes: (port) => [
      ['nginx.conf', 'include push/tls.conf;', [...listens].map((at) => `listen ${at}:${port};`).join('\n')],
    ],
  })
})
afterAll(async () => {
  await nginx.stop()
  for (const place of places) place.close()
})

const placeOf = (name: string): Place => {
  const place = places.find((each) => each.name === name)
  if (!place) throw new Error(`no place ${name}`)
  return place
}

/** Asks by one technique, from one place. */
async function ask(place: Place, way: string, channel: string, ...more: string[]) {
  const { query = '', headers = [] } = WAYS[way] ?? {}
  const socket = place.connect(nginx.port)
  const { status } = await headOf(socket, request(`GET /push/${channel}?${query}`, ...headers, ...more))
  socket.destroy()
  return { status, questions: asked.filter((question) => question.channel === channel) }
}

/** What a client may write to be taken for another. */
const FORGED = {
  'X-Forwarded-For': ['X-Forwarded-For: 203.0.113.7'],
  'X-Real-IP': ['X-Real-IP: 203.0.113.7'],
  Forwarded: ['Forwarded: for=203.0.113.7'],
  'X-Address': ['X-Address: 203.0.113.7'],
  'X-Address, twice, in two cases': ['X-Address: 203.0.113.7', 'x-address: 203.0.113.7'],
  X_Address: ['X_Address: 203.0.113.7', 'X_Channel: other'],
  'X-Address, which Connection names as hop-by-hop': [
    'X-Address: 203.0.113.7',
    'Connection: x-address, x-channel, x-uri',
  ],
  'X-Channel': ['X-Channel: other'],
  'X-Method': ['X-Method: POST'],
  'X-Uri': ['X-Uri: /push/other?token=other'],
  Host: ['X-Forwarded-Host: 127.0.0.1', 'X-Original-URL: /push/other', 'X-Rewrite-URL: /push/other'],
}
const forged = Object.entries(FORGED).flatMap(([name, headers]) =>
  Object.keys(WAYS).map((way) => ({ name, headers, way })),
)

describe('a client that is not on 127.0.0.1', () => {
  test.each(rows)('reads by %s from %s, and authorize sees its address', async (way, from) => {
    const place = placeOf(from)
    const channel = `${way}.${from.replaceAll(' ', '-')}`
    const { status, questions } = await ask(place, way, channel)
    expect(status).toBe(WAYS[way]?.status)
    expect(questions.map(({ clientIp, action, method }) => [clientIp, action, method])).toEqual([
      [place.address, 'subscribe', 'GET'],
    ])
  })

  test.each(forged)('cannot change its address with a forged $name, by $way', async ({ name, headers, way }) => {
    const channel = `forged.${way}.${name.replaceAll(/\W/g, '')}`
    // A WebSocket has a Connection header of its own.
    const { questions } = await ask(local('127.0.0.2'), way, channel, ...headers)
    expect(
      questions.map(({ clientIp, action, method, query }) => [clientIp, action, method, query.get('token')]),
    ).toEqual([['127.0.0.2', 'subscribe', 'GET', null]])
    expect(asked.map((question) => question.channel)).not.toContain('other')
  })

  test('reaches authorize with the headers that it sent, also its Host', async () => {
    for (const way of Object.keys(WAYS)) {
      const { questions } = await ask(local('127.0.0.2'), way, `heads.${way}`, 'Cookie: session=1')
      expect(questions.map(({ headers }) => [headers.host, headers.cookie])).toEqual([['push.test', 'session=1']])
    }
  })

  test('can send cookies of 20 kB', async () => {
    const cookies = ['a', 'b', 'c'].map((name) => `Cookie: ${name}=${'x'.repeat(7_000)}`)
    const { status } = await ask(local('127.0.0.2'), 'poll', 'cookies', ...cookies)
    expect(status).toBe(200)
  })

  test.each(PLACES)('from %s reaches only the public listener', async (from) => {
    const { connect: reach } = placeOf(from)
    const answers = []
    for (const [port, path] of [
      [nginx.port, '/channels/a'],
      [nginx.publisherPort, '/channels/a'],
      [nginx.eventsPort, '/push/a'],
    ] as const)
      answers.push(await exchange(reach(port), request(`GET ${path}`, 'Connection: close')))
    // 127.0.0.2 is on this machine, so that it reaches every port of loopback; nginx refuses it by its address.
    const refused = placeOf(from).listen === '127.0.0.1' ? [403] : []
    expect(answers.map((each) => each.map(({ status }) => status))).toEqual([[404], refused, refused])
  })
})
