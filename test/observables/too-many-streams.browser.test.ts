import { describe, expect, inject, vi } from 'vitest'
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
import { readChannel, test, type Fixtures } from '../conformance/fixtures.ts'
import { limitAt } from '../conformance/limits.ts'
import type { Session } from '../servers/control-client.ts'

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

  test('a poll and a post fail too', async ({ serve, client }) => {
    const { channel, readers, leave } = await six(await serve(), client)
    const poll = readChannel(channel(6, polling()))
    expect((await poll.sees('waiting')).error.code).toBe('too-many-streams')
    await expect(readers[0]?.channel.send('x' as never)).rejects.toMatchObject({ code: 'too-many-streams' })
    poll.leave()
    leave()
  })

  test('a WebSocket has room', async ({ serve, client, skip }) => {
    const limit = limitAt({ server: 'hub', engine: inject('engine'), technique: 'webSocket' }, 'ownConnection')
    skip(limit !== undefined, limit)
    const { channel, leave } = await six(await serve(), client)
    const socket = readChannel(channel(6, webSocket()))
    await socket.sees('open')
    socket.leave()
    leave()
  })
})

/** Six streams of one client, which is as many as there may be. */
async function six(server: Session, client: Fixtures['client']) {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const push = client({ technique: () => sse() }, { retry })
  const channel = (n: number, via = sse()) =>
    push.channel(defineChannel({ url: `${server.url}${n}`, decode: (raw) => raw, via, sends: anything })())
  const readers = Array.from({ length: 6 }, (_, n) => readChannel(channel(n)))
  for (const reader of readers) await reader.sees('open')
  warned.mockRestore()
  const leave = () => {
    for (const reader of readers) reader.leave()
  }
  return { channel, readers, leave }
}

const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value: String(value) }) },
} as const
