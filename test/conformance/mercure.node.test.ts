import { describe, expect } from 'vitest'
import {
  backoff,
  defineChannel,
  fetchStream,
  longPolling,
  mercure,
  polling,
  sse,
  type PushClientOptions,
} from 'pinia-push/observables'
import { serveMercure, type MercureServer, type MercureSettings } from '../servers/mercure.ts'
import { readChannel, story, test as base } from './fixtures.ts'

const test = base.extend<{ hub: (settings?: MercureSettings) => Promise<MercureServer> }>({
  hub: async ({}, use) => {
    const servers: MercureServer[] = []
    await use(async (settings) => {
      const server = await serveMercure(settings)
      servers.push(server)
      return server
    })
    await Promise.all(servers.map((server) => server.close()))
  },
})

const row = { technique: () => sse() }
const options = { backend: mercure() }
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => String(from + at))

const AWKWARD = [
  'line\nline',
  'separator\u2028and\u2029paragraph',
  '\uFEFFbyte order mark',
  'astral 😀 e\u0301 ユニコード',
  ' leading and trailing ',
  'id: 9\nretry: 100000',
  'data: forged\n\ndata: twice',
  '\n\n',
  'a=b&c=d+e%20',
]

const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const

/** The query parameter for topics, by version. */
const TOPICS = { '1.0': 'match', '0.x': 'topic' } as const

describe.for(['1.0', '0.x'] as const)('a Mercure hub of %s', (version) => {
  const at = (server: MercureServer, topic = 'a') => `${server.url}?${TOPICS[version]}=${encodeURIComponent(topic)}`

  test('delivers every message once, in order, and any text unchanged', async ({ hub, read }) => {
    const server = await hub({ version })
    server.proxy.split(1)
    const reader = read(row, at(server), options)
    await reader.sees('open')
    server.publish('other', ['not for us'])
    server.publish('a', [...numbers(0, 50), ...AWKWARD, 'last'])
    await reader.gets('last')
    expect(story(reader.events)).toEqual([...numbers(0, 50), ...AWKWARD, 'last'])
  })

  test('resumes without loss or repeat after a drop', async ({ hub, read }) => {
    const server = await hub({ version })
    const reader = read(row, at(server), options)
    await reader.sees('open')
    server.publish('a', ['1', '2'])
    await reader.gets('2')
    server.proxy.refuse(true)
    server.proxy.drop()
    await reader.sees('reconnecting')
    server.publish('a', ['3', '4'])
    server.proxy.resume()
    await reader.gets('4')
    expect(story(reader.events)).toEqual(['1', '2', '3', '4'])
    expect(server.asked.map(({ lastEventId }) => lastEventId)).toEqual([undefined, 'urn:uuid:2'])
  })

  test('resumes from an id that no header can carry', async ({ hub, read }) => {
    const server = await hub({ version })
    const reader = read(row, at(server), options)
    await reader.sees('open')
    server.publish('a', ['1'], { id: 'https://example.com/ä😀?b=1&c' })
    await reader.gets('1')
    server.proxy.drop()
    server.publish('a', ['2'])
    await reader.gets('2')
    expect(story(reader.events)).toEqual(['1', '2'])
  })

  test('emits a gap when the hub no longer knows the id', async ({ hub, read }) => {
    const server = await hub({ version, history: 2 })
    const reader = read(row, at(server), options)
    await reader.sees('open')
    server.publish('a', ['1'])
    await reader.gets('1')
    server.proxy.refuse(true)
    server.proxy.drop()
    await reader.sees('reconnecting')
    server.publish('a', ['2', '3', '4'])
    server.proxy.resume()
    await reader.sees('gap')
    server.publish('a', ['5'])
    await reader.gets('5')
    expect(story(reader.events)).toEqual(['1', 'gap unknown-cursor', '5'])
  })

  test('emits a gap when the connection drops before the first id', async ({ hub, read }) => {
    const server = await hub({ version })
    const reader = read(row, at(server), options)
    await reader.sees('open')
    server.proxy.drop()
    await reader.sees('gap')
    server.publish('a', ['1'])
    await reader.gets('1')
    expect(story(reader.events)).toEqual(['gap not-resumed', '1'])
  })

  test('reads the whole history with `from: earliest`', async ({ hub, read }) => {
    const server = await hub({ version })
    server.publish('a', ['1', '2'])
    const reader = read(row, at(server), { backend: mercure({ from: 'earliest' }) })
    await reader.gets('2')
    server.publish('a', ['3'])
    await reader.gets('3')
    server.proxy.drop()
    server.publish('a', ['4'])
    await reader.gets('4')
    expect(story(reader.events)).toEqual(['1', '2', '3', '4'])
  })

  test('publishes sent messages to the topic of the channel', async ({ hub, client }) => {
    const server = await hub({ version })
    const topic = 'https://example.com/books/1?a=ö&b'
    const send = (backend = mercure()) => {
      const chat = defineChannel<typeof anything, string>({
        url: at(server, topic),
        decode: (raw) => raw,
        sendSchema: anything,
      })
      return readChannel(client(row, { backend }).channel(chat()))
    }
    const reader = send()
    await reader.channel.send({ text: 'a=b&c' } as never)
    await reader.gets('{"text":"a=b&c"}')
    await send(mercure({ private: true })).channel.send('secret' as never)
    expect(server.forms).toEqual([
      { topic, data: '{"text":"a=b&c"}' },
      { topic, data: '"secret"', private: 'on' },
    ])
  })

  test.for<[string, PushClientOptions]>([
    ['header', { prepareRequest: () => ({ headers: { Authorization: 'Bearer secret' } }) }],
    ...(version === '0.x'
      ? [
          ['query', { prepareRequest: () => ({ query: { authorization: 'secret' } }) }] satisfies [
            string,
            PushClientOptions,
          ],
        ]
      : []),
  ])('accepts a token in a %s, to read and to publish', async ([, presents], { hub, client }) => {
    const server = await hub({ version, token: 'secret' })
    const chat = defineChannel<typeof anything, string>({ url: at(server), decode: (raw) => raw, sendSchema: anything })
    const anonymous = readChannel(client(row, options).channel(chat()))
    expect((await anonymous.sees('failed')).error).toMatchObject({ code: 'unauthorized', status: 401 })
    const reader = readChannel(client(row, { ...options, ...presents }).channel(chat()))
    await reader.channel.send(1 as never)
    await reader.gets('1')
  })

  test('loses, repeats and reorders nothing while responses are cut', async ({ hub, read }) => {
    const server = await hub({ version, history: 4_000 })
    const reader = read(row, at(server), { ...options, retry: backoff({ initialDelay: 50, maxDelay: 50 }) })
    await reader.sees('open')
    server.publish('a', ['first'])
    await reader.gets('first')
    server.proxy.cut(() => 1_000 + Math.round(Math.random() * 5_000))
    server.proxy.drop()
    const sent = numbers(0, 2_000).map((n) => JSON.stringify({ n: Number(n), padding: 'é😀'.repeat(20) }))
    for (let from = 0; from < sent.length; from += 10) {
      server.publish('a', sent.slice(from, from + 10))
      // Stays close to the reader, so that most messages are cut while they are new.
      await reader.gets(sent[from - 100] ?? 'first')
    }
    await reader.gets(sent.at(-1) ?? '')
    const received = reader.data.slice(1).map((data) => (JSON.parse(data) as { n: number }).n)
    const figures = {
      sent: sent.length,
      received: received.length,
      lost: sent.length - new Set(received).size,
      repeated: received.length - new Set(received).size,
      reordered: received.filter((n, index) => index > 0 && n < (received[index - 1] ?? 0)).length,
      gaps: reader.count('gap'),
    }
    const { cuts } = server.proxy.stats
    console.log(
      `chaos  mercure ${version}  node  sse  ${Object.entries({ ...figures, cuts })
        .map(([figure, value]) => `${figure} ${value}`)
        .join('  ')}`,
    )
    expect(figures).toEqual({ sent: 2_000, received: 2_000, lost: 0, repeated: 0, reordered: 0, gaps: 0 })
    expect(cuts).toBeGreaterThanOrEqual(50)
  })
})

describe('a Mercure hub', () => {
  test('reports event names and the delay of `retry`', async ({ hub, read }) => {
    const server = await hub()
    const reader = read(row, `${server.url}?match=a`, options)
    await reader.sees('open')
    server.publish('a', ['1'], { type: 'price', retry: 1_234 })
    expect((await reader.sees('message')).event).toBe('price')
    server.endStreams()
    expect((await reader.sees('reconnecting')).delay).toBeGreaterThanOrEqual(1_234)
  })

  test('times out when it is silent for longer than its heartbeat', async ({ hub, read }) => {
    const server = await hub({ heartbeat: 50 })
    const reader = read(row, `${server.url}?match=a`, { backend: mercure({ heartbeat: 100 }), heartbeatGrace: 200 })
    await reader.sees('open')
    server.proxy.stall()
    expect((await reader.sees('reconnecting')).error.code).toBe('heartbeat-timeout')
  })

  test('rejects a topic selector that it does not support', async ({ hub, read }) => {
    const server = await hub()
    const { error } = await read(row, `${server.url}?matches=a`, options).sees('failed')
    expect(error).toMatchObject({ code: 'rejected', status: 400 })
  })

  test('does not send when the URL names more than one topic', async ({ hub, client }) => {
    const server = await hub()
    const url = `${server.url}?match=a&match=b`
    const chat = defineChannel<typeof anything, string>({ url, decode: (raw) => raw, sendSchema: anything })
    const reader = readChannel(client(row, options).channel(chat()))
    await expect(reader.channel.send(1 as never)).rejects.toMatchObject({ code: 'send-unsupported' })
  })

  test.for([
    ['polling', () => polling()],
    ['longPolling', () => longPolling()],
    ['fetchStream', () => fetchStream()],
  ] as const)(
    'is not read by %s, and the error names the technique that does',
    async ([, technique], { hub, read }) => {
      const server = await hub()
      const { error } = await read({ technique }, `${server.url}?match=a`, options).sees('failed')
      expect(error.code).toBe('unsupported')
      expect(error.message).toMatch(/ Use sse\(\)\.$/)
    },
  )
})
