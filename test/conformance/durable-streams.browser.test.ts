import { describe, expect, inject } from 'vitest'
import { defineChannel, durableStreams, longPolling, polling, sse, type Technique } from 'pinia-push/observables'
import { openStreams, type RemoteStreams } from '../servers/durable-streams-client.ts'
import { readChannel, story, test as base } from './fixtures.ts'

// The page has another origin than the streams, so it sees only the headers that CORS exposes.
const test = base.extend<{ streams: () => Promise<RemoteStreams> }>({
  streams: async ({}, use) => {
    const servers: RemoteStreams[] = []
    await use(async () => {
      const server = await openStreams(inject('control'))
      servers.push(server)
      await server.create('a')
      return server
    })
    await Promise.all(servers.map((server) => server.close()))
  },
})

const backend = durableStreams()
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => String(from + at))

const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const

describe.for<[string, () => Technique]>([
  ['polling', () => polling({ minInterval: 50, maxInterval: 100 })],
  ['longPolling', () => longPolling()],
  ['sse', () => sse()],
  ['sse native', () => sse({ native: true })],
])('a durable stream by %s, in a page', ([, technique]) => {
  const row = { technique }

  test('delivers every message once, in order, whatever its content', async ({ streams, read }) => {
    const server = await streams()
    const reader = read(row, `${server.url}a`, { backend })
    await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
    const awkward = ['\uFEFFmark', 'a\r\nb\n\nc', '\u2028', '😀', '"],["'].map((text) => JSON.stringify(text))
    await server.append('a', numbers(0, 20))
    await server.appendBatch('a', [...numbers(20, 40), ...awkward, '[1,2]', '"last"'])
    await reader.gets('"last"')
    expect(story(reader.events)).toEqual([...numbers(0, 40), ...awkward, '[1,2]', '"last"'])
  })

  test('resumes without loss or repeat after a drop', async ({ streams, read }) => {
    const server = await streams()
    const reader = read(row, `${server.url}a`, { backend })
    await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
    await server.appendBatch('a', numbers(0, 7))
    await reader.gets('6')
    for (let at = 7; at < 57; at += 5) {
      await server.drop()
      await server.appendBatch('a', numbers(at, at + 5))
      await reader.gets(String(at + 4))
    }
    expect(story(reader.events)).toEqual(numbers(0, 57))
  })

  test('appends sent messages, and ends when the stream is closed', async ({ streams, client }) => {
    const server = await streams()
    const url = `${server.url}a`
    const sending = defineChannel<typeof anything, string>({ url, decode: (raw) => raw, sendSchema: anything })
    const reader = readChannel(client(row, { backend }).channel(sending()))
    await reader.channel.send([1, 2] as never)
    await reader.gets('[1,2]')
    await server.end('a', '"last"')
    await reader.sees('closed')
    expect(reader.data).toEqual(['[1,2]', '"last"'])
  })
})
