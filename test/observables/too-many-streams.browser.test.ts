import { describe, expect, vi } from 'vitest'
import {
  backoff,
  defineChannel,
  fetchStream,
  iframeStream,
  polling,
  sse,
  webSocket,
  xhrStream,
} from 'pinia-push/observables'
import { readChannel, test } from '../conformance/fixtures.ts'

const techniques = { fetchStream, xhrStream, sse, iframeStream }
const retry = backoff({ base: 50, max: 50 })

describe('one client’s streams to one origin over HTTP/1.1', () => {
  test.for(Object.entries(techniques))(
    '%s: the sixth warns, the seventh fails instead of hanging',
    async ([, make], { serve, client }) => {
      const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
      const server = await serve()
      const push = client({ technique: make }, { retry })
      const named = defineChannel({ url: (p: { n: number }) => `${server.url}${p.n}`, decode: (raw) => raw })
      const readers = []
      for (let n = 0; n < 6; n += 1) {
        const reader = readChannel(push.channel(named({ n })))
        readers.push(reader)
        await reader.sees('open')
      }
      expect(warned.mock.calls.flat().join()).toMatch(/6 connections.*HTTP\/2/)
      warned.mockRestore()
      const seventh = readChannel(push.channel(named({ n: 6 })))
      const { error } = await seventh.sees('waiting')
      expect(error).toMatchObject({ code: 'too-many-streams', retryable: true })
      expect(error.message).toMatch(/HTTP\/2.*webSocket/)
      // One leaves, and there is room.
      readers[0]?.leave()
      await seventh.sees('open')
      for (const reader of [...readers, seventh]) reader.leave()
    },
  )

  test('a poll and a post fail too, and a WebSocket has room', async ({ serve, client }) => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const server = await serve()
    const push = client({ technique: () => sse() }, { retry })
    const channel = (n: number, via = sse()) =>
      push.channel(defineChannel({ url: `${server.url}${n}`, decode: (raw) => raw, via, sends: anything })())
    const readers = []
    for (let n = 0; n < 6; n += 1) {
      const reader = readChannel(channel(n))
      readers.push(reader)
      await reader.sees('open')
    }
    warned.mockRestore()
    const poll = readChannel(channel(6, polling()))
    expect((await poll.sees('waiting')).error.code).toBe('too-many-streams')
    await expect(readers[0]?.channel.send('x' as never)).rejects.toMatchObject({ code: 'too-many-streams' })
    const socket = readChannel(channel(7, webSocket()))
    await socket.sees('open')
    for (const reader of [...readers, poll, socket]) reader.leave()
  })
})

const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value: String(value) }) },
} as const
