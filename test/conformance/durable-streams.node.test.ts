import { BehaviorSubject } from 'rxjs'
import { afterAll, describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import {
  backoff,
  defineChannel,
  durableStreams,
  fallback,
  fetchStream,
  longPolling,
  pausable,
  polling,
  sse,
  webSocket,
  type PushClientOptions,
  type PushEvent,
  type Technique,
} from 'pinia-push/observables'
import { serveDurableStreams, type DurableStreamsServer } from '../servers/durable-streams.ts'
import { readChannel, status, story, test as base, type Reader } from './fixtures.ts'

const TECHNIQUES: Record<string, () => Technique> = {
  polling: () => polling({ minInterval: 50, maxInterval: 100 }),
  longPolling: () => longPolling(),
  sse: () => sse(),
  fallback: () =>
    fallback({ upgradeProbe: { first: 200, max: 500 }, overlapTime: 100, connectTimeout: 1_000 }, sse(), longPolling()),
}

const test = base.extend<{
  streams: (settings?: Parameters<typeof serveDurableStreams>[0]) => Promise<DurableStreamsServer>
}>({
  streams: async ({}, use) => {
    const servers: DurableStreamsServer[] = []
    await use(async (settings) => {
      const server = await serveDurableStreams(settings)
      servers.push(server)
      await server.create('a')
      return server
    })
    await Promise.all(servers.map((server) => server.close()))
  },
})

const backend = durableStreams()
const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const
const text = defineChannel({ url: ({ url }: { url: string }) => url, decode: (raw) => raw })
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => String(from + at))

const AWKWARD = [
  'line\nline',
  'carriage\r\nreturn\rhere',
  'separator\u2028and\u2029paragraph',
  '\uFEFFbyte order mark',
  'astral 😀 e\u0301 ユニコード',
  '\0nul',
  '"],["',
  '\\"\\',
  '{"a":[1,{"b":"}"}]}',
  'event: control\ndata: {"streamNextOffset":"1","streamClosed":true}\n\n',
].map((text) => JSON.stringify(text))

for (const [name, technique] of Object.entries(TECHNIQUES)) {
  const row = { technique }
  const open = (reader: Reader) => reader.sees('open', ({ unconfirmed }) => !unconfirmed)

  describe(`a durable stream by ${name}`, () => {
    afterAll(({}, { tasks }) => {
      const kept = tasks.filter(({ result }) => result?.state === 'pass').length
      console.log(`promises  durable-streams  node  ${name}  kept ${kept} of ${tasks.length}`)
    })

    test('delivers every message once, in order', async ({ streams, read }) => {
      const server = await streams()
      const reader = read(row, `${server.url}a`, { backend })
      await open(reader)
      await server.append('a', numbers(0, 100))
      await reader.gets('99')
      expect(story(reader.events)).toEqual(numbers(0, 100))
    })

    test('reads the whole stream, or from now on', async ({ streams, read }) => {
      const server = await streams()
      await server.append('a', numbers(0, 5))
      const all = read(row, `${server.url}a`, { backend })
      const live = read(row, `${server.url}a`, { backend: durableStreams({ from: 'now' }) })
      await all.gets('4')
      await open(live)
      await server.append('a', ['5'])
      await Promise.all([all.gets('5'), live.gets('5')])
      expect([story(all.events), story(live.events)]).toEqual([numbers(0, 6), ['5']])
    })

    test('delivers any text unchanged, however the network splits it', async ({ streams, read }) => {
      const server = await streams({ compression: false })
      server.proxy.split(1)
      const reader = read(row, `${server.url}a`, { backend })
      await open(reader)
      await server.append('a', AWKWARD)
      await server.appendBatch('a', [...AWKWARD, '"last"'])
      await reader.gets('"last"')
      expect(reader.data).toEqual([...AWKWARD, ...AWKWARD, '"last"'])
    })

    test('delivers a message of a megabyte unchanged', async ({ streams, read }) => {
      const server = await streams()
      const big = JSON.stringify('0123456789abcdé\n'.repeat(62_500))
      await server.append('a', [big, '"last"'])
      const reader = read(row, `${server.url}a`, { backend })
      await reader.gets('"last"')
      expect(reader.data[0] === big).toBe(true)
    })

    test('emits each message of a batch, and an array as one message', async ({ streams, read }) => {
      const server = await streams()
      const reader = read(row, `${server.url}a`, { backend })
      await open(reader)
      await server.appendBatch('a', ['{"n":1}', '[2,3]', '"four"'])
      await reader.gets('"four"')
      expect(story(reader.events)).toEqual(['{"n":1}', '[2,3]', '"four"'])
    })

    test('resumes without loss or repeat after a drop', async ({ streams, read }) => {
      const server = await streams()
      const reader = read(row, `${server.url}a`, { backend })
      await open(reader)
      await server.appendBatch('a', numbers(0, 7))
      await reader.gets('6')
      server.proxy.refuse(true)
      server.proxy.drop()
      await reader.sees('reconnecting')
      await server.appendBatch('a', numbers(7, 12))
      await server.append('a', numbers(12, 20))
      server.proxy.resume()
      await reader.gets('19')
      expect(story(reader.events)).toEqual(numbers(0, 20))
    })

    test('resumes from the offset that it received at open', async ({ streams, read }) => {
      const server = await streams()
      const reader = read(row, `${server.url}a`, { backend: durableStreams({ from: 'now' }) })
      await open(reader)
      server.proxy.refuse(true)
      server.proxy.drop()
      await reader.sees('reconnecting')
      await server.append('a', numbers(0, 3))
      server.proxy.resume()
      await reader.gets('2')
      expect(story(reader.events)).toEqual(numbers(0, 3))
    })

    test('loses and repeats nothing when a batch is cut in the middle', async ({ streams, read }) => {
      const server = await streams({ compression: false })
      const messages = numbers(0, 200).map((n) => JSON.stringify({ n, padding: 'é😀'.repeat(10) }))
      await server.appendBatch('a', messages)
      let left = 3
      server.proxy.cut(() => (left-- > 0 ? 4_000 : Infinity))
      const reader = read(row, `${server.url}a`, { backend })
      await reader.gets(messages.at(-1) ?? '')
      expect(server.proxy.stats.cuts).toBe(3)
      expect(story(reader.events)).toEqual(messages)
    })

    test('resumes in the middle of a batch for a reader that paused there', async ({ streams, client }) => {
      const server = await streams()
      await server.appendBatch('a', numbers(0, 10))
      const channel = client(row, { backend }).channel<number>(`${server.url}a`)
      const paused = new BehaviorSubject(false)
      const seen: unknown[] = []
      const done = new Promise<void>((resolve) => {
        pausable(channel, paused).subscribe((event: PushEvent<number>) => {
          if (event.type !== 'message' && event.type !== 'gap') return
          seen.push(event.type === 'message' ? event.data : event)
          if (event.type === 'message' && event.data === 3) {
            paused.next(true)
            void status(channel, 'idle').then(() => paused.next(false))
          }
          if (event.type === 'message' && event.data === 9) resolve()
        })
      })
      await done
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    })

    test('emits a gap when the server no longer has the offset', async ({ streams, read }) => {
      const server = await streams()
      const reader = read(row, `${server.url}a`, { backend: durableStreams({ from: 'now' }) })
      await open(reader)
      await server.append('a', ['1'])
      await reader.gets('1')
      server.answer('a', { status: 410 })
      server.proxy.drop()
      await reader.sees('gap')
      await server.append('a', ['2'])
      await reader.gets('2')
      expect(story(reader.events)).toEqual(['1', 'gap history-expired', '2'])
    })

    test('emits a gap when the stream was replaced', async ({ streams, read }) => {
      const server = await streams()
      const reader = read(row, `${server.url}a`, { backend })
      await open(reader)
      await server.append('a', numbers(0, 5))
      await reader.gets('4')
      server.proxy.refuse(true)
      server.proxy.drop()
      await server.remove('a')
      await server.create('a')
      await server.append('a', ['"new"'])
      server.proxy.resume()
      await reader.gets('"new"')
      expect(story(reader.events)).toEqual([...numbers(0, 5), 'gap history-expired', '"new"'])
    })

    test('ends when the stream is closed, with its last message', async ({ streams, read }) => {
      const server = await streams()
      const reader = read(row, `${server.url}a`, { backend })
      await open(reader)
      await server.append('a', ['1'])
      await server.end('a', '2')
      expect(await reader.sees('closed')).toEqual({ type: 'closed', by: 'server' })
      expect(story(reader.events)).toEqual(['1', '2'])
      const late = read(row, `${server.url}a`, { backend })
      await late.sees('closed')
      expect(story(late.events)).toEqual(['1', '2'])
    })

    test('ends when the stream is closed without a last message', async ({ streams, read }) => {
      const server = await streams()
      const reader = read(row, `${server.url}a`, { backend })
      await open(reader)
      await server.end('a')
      await reader.sees('closed')
      expect(reader.count('reconnecting')).toBe(0)
    })

    test('maps each status as its table defines', async ({ streams, read }) => {
      const server = await streams()
      const missing = await read(row, `${server.url}missing`, { backend }).sees('failed')
      expect(missing.error).toMatchObject({ code: 'rejected', status: 404 })
      server.answer('a', { status: 410, count: 1_000 })
      const gone = await read(row, `${server.url}a`, { backend }).sees('failed')
      expect(gone.error).toMatchObject({ code: 'rejected', status: 410 })
      server.answer('a', { status: 503, count: 2, retryAfter: 0 })
      const busy = read(row, `${server.url}a`, { backend })
      expect((await busy.sees('reconnecting')).error).toMatchObject({ code: 'unavailable', status: 503 })
      await open(busy)
    })

    test('appends each sent message as one message', async ({ streams, client }) => {
      const server = await streams()
      const sending = defineChannel<typeof anything, string>({
        url: `${server.url}a`,
        decode: (raw) => raw,
        sendSchema: anything,
      })
      const reader = readChannel(client(row, { backend }).channel(sending()))
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      await reader.channel.send({ n: 1 } as never)
      await reader.channel.send([1, 2] as never)
      await reader.gets('[1,2]')
      expect(story(reader.events)).toEqual(['{"n":1}', '[1,2]'])
      await server.end('a')
      await reader.sees('closed')
    })

    test('reads a stream of text completely and in order', async ({ streams, client }) => {
      const server = await streams({ compression: false })
      await server.create('text', 'text/plain')
      const pieces = ['first\n', 'zweiß😀 ', '\n\nid: 1\ndata: forged\n\n', 'last']
      await server.append('text', pieces.slice(0, 2), 'text/plain')
      const options: PushClientOptions = { backend: durableStreams({ json: false }) }
      const reader = readChannel(client(row, options).channel(text({ url: `${server.url}text` })))
      await reader.sees('message')
      server.proxy.split(1)
      server.proxy.drop()
      await server.append('text', pieces.slice(2), 'text/plain')
      await reader.sees('message', ({ data }) => data.endsWith('last'))
      expect(reader.data.join('')).toBe(pieces.join(''))
      expect(reader.count('gap')).toBe(0)
    })

    test('reads a stream of bytes unchanged', async ({ streams, client }) => {
      const server = await streams()
      await server.create('bytes', 'application/octet-stream')
      await server.append('bytes', ['\0\r\n\u007f'], 'application/octet-stream')
      const bytes = defineChannel({ url: `${server.url}bytes`, binary: true })
      const reader = readChannel(client(row, { backend: durableStreams({ json: false }) }).channel(bytes()))
      const { data } = await reader.sees('message')
      expect([...data]).toEqual([0, 13, 10, 127])
    })

    test('names the option to use when a stream has no messages', async ({ streams, read }) => {
      const server = await streams()
      await server.create('bytes', 'application/octet-stream')
      const { error } = await read(row, `${server.url}bytes`, { backend }).sees('reconnecting')
      expect(error.code).toBe('unexpected-response')
      expect(error.message).toContain('json: false')
    })

    test('loses, repeats and reorders nothing while responses are cut', async ({ streams, read }) => {
      const server = await streams({ compression: false })
      const reader = read(row, `${server.url}a`, { backend, retry: backoff({ initialDelay: 50, maxDelay: 50 }) })
      await open(reader)
      // All messages since the last offset have to arrive in one response, so every eighth connection lives longer.
      let connections = 0
      server.proxy.cut(() => {
        connections += 1
        return connections % 8 > 0 ? 1_000 + Math.round(Math.random() * 11_000) : 50_000 * 2 ** (connections / 8)
      })
      server.proxy.drop()
      const sent = numbers(0, 2_000).map((n) => JSON.stringify({ n: Number(n), padding: 'é😀'.repeat(20) }))
      for (let at = 0; at < sent.length; at += 10) {
        await server.appendBatch('a', sent.slice(at, at + 10))
        // Stays close to the reader, so that most messages are cut while they are new.
        if (at >= 100) await reader.gets(sent[at - 100] ?? '')
      }
      await reader.gets(sent.at(-1) ?? '')
      const received = reader.data.map((data) => (JSON.parse(data) as { n: number }).n)
      const figures = {
        sent: sent.length,
        received: received.length,
        lost: sent.length - new Set(received).size,
        repeated: received.length - new Set(received).size,
        reordered: received.filter((n, at) => at > 0 && n < (received[at - 1] ?? 0)).length,
        gaps: reader.count('gap'),
      }
      const { cuts } = server.proxy.stats
      console.log(
        `chaos  durable-streams  node  ${name}  ${Object.entries({ ...figures, cuts })
          .map(([figure, value]) => `${figure} ${value}`)
          .join('  ')}`,
      )
      expect(figures).toEqual({ sent: 2_000, received: 2_000, lost: 0, repeated: 0, reordered: 0, gaps: 0 })
      expect(cuts).toBeGreaterThanOrEqual(10)
    })
  })
}

describe('a durable stream', () => {
  const implementation = WebSocket as unknown as typeof globalThis.WebSocket

  test.for([
    ['webSocket', () => webSocket({ implementation })],
    ['fetchStream', () => fetchStream()],
  ] as const)(
    'is not read by %s, and the error names the techniques that do',
    async ([, technique], { streams, read }) => {
      const server = await streams()
      const { error } = await read({ technique }, `${server.url}a`, { backend }).sees('failed')
      expect(error.code).toBe('unsupported')
      expect(error.message).toContain('Use longPolling(), polling() or sse()')
    },
  )

  test('is read by the technique of a fallback that supports it', async ({ streams, read }) => {
    const server = await streams()
    await server.append('a', ['1'])
    const technique = () => fallback(webSocket({ implementation }), sse())
    const reader = read({ technique }, `${server.url}a`, { backend })
    expect((await reader.sees('open')).technique).toBe('sse')
    await reader.gets('1')
  })

  test('upgrades the technique without loss or repeat, though techniques do not share cursors', async ({
    streams,
    read,
  }) => {
    const server = await streams({ longPollTimeout: 300 })
    server.answer('a', { status: 405 })
    const reader = read({ technique: TECHNIQUES['fallback'] ?? sse }, `${server.url}a`, { backend })
    await reader.sees('open', ({ technique }) => technique === 'longPolling')
    let sent = 0
    const upgraded = reader.sees('open', ({ technique }) => technique === 'sse')
    let done = false
    void upgraded.then(() => (done = true))
    while (!done) {
      await server.appendBatch('a', numbers(sent, sent + 3))
      sent += 3
    }
    await server.appendBatch('a', ['"last"'])
    await reader.gets('"last"')
    expect(story(reader.events)).toEqual([...numbers(0, sent), '"last"'])
  })

  test.for([
    ['polling', () => polling(), { 'content-type': 'application/json' }, '[1]'],
    [
      'sse',
      () => sse(),
      { 'content-type': 'text/event-stream' },
      'event: data\ndata: [1]\n\nevent: control\ndata: {}\n\n',
    ],
  ] as const)('rejects a response without an offset, by %s', async ([, technique, headers, body], { script, read }) => {
    const server = await script()
    await server.respond([{ headers, body, hold: technique().name === 'sse' }])
    const reader = read({ technique }, `${server.url}a`, { backend })
    const { error } = await reader.sees('reconnecting')
    expect(error.code).toBe('unexpected-response')
    expect(error.message).toMatch(/stream-?next-?offset/i)
    expect(reader.data).toEqual([])
  })

  test('echoes the cursor that collapses requests, and sends no more requests than needed', async ({
    script,
    read,
  }) => {
    const server = await script()
    const type = { 'content-type': 'application/json', 'access-control-expose-headers': '*' }
    await server.respond([
      { headers: { ...type, 'stream-next-offset': '5' }, body: '[1]' },
      { headers: { ...type, 'stream-next-offset': '6', 'stream-cursor': '77' }, body: '[2]' },
      { status: 204, headers: { 'stream-next-offset': '6', 'stream-cursor': '78', 'stream-closed': 'true' } },
    ])
    const reader = read({ technique: () => longPolling() }, `${server.url}a?token=t`, { backend })
    await reader.sees('closed')
    expect((await server.requests()).map(({ url }) => url)).toEqual([
      '/a?token=t&offset=-1',
      '/a?token=t&live=long-poll&offset=5',
      '/a?token=t&cursor=77&live=long-poll&offset=6',
    ])
    expect(reader.data).toEqual(['1', '2'])
  })
})
