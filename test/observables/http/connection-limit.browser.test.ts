import { describe, expect, inject } from 'vitest'
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
import { readChannel, test, type Fixtures } from '../../conformance/fixtures.ts'
import { limitAt } from '../../conformance/limits.ts'
import type { Session } from '../../servers/control-client.ts'

const techniques = { fetchStream, xhrStream, sse, iframeStream }
const retry = backoff({ initialDelay: 50, maxDelay: 50 })

describe('one client’s streams to one origin over HTTP/1.1', () => {
  test.for(Object.entries(techniques))(
    '%s: the fifth fails and leaves connections to the application',
    async ([, make], { serve, client }) => {
      const server = await serve()
      const push = client({ technique: make }, { retry })
      const named = defineChannel({ url: (p: { n: number }) => `${server.url}${p.n}`, decode: (raw) => raw })
      const readers = []
      for (let n = 0; n < 4; n += 1) {
        const reader = readChannel(push.channel(named({ n })))
        readers.push(reader)
        await reader.sees('open')
      }
      const fifth = readChannel(push.channel(named({ n: 4 })))
      const { error } = await fifth.sees('reconnecting')
      expect(error).toMatchObject({ code: 'connection-limit', retryable: true })
      expect(error.message).toMatch(/HTTP\/2.*webSocket/)
      // One closes, so the fifth may open.
      readers[0]?.leave()
      await fifth.sees('open')
      for (const reader of [...readers, fifth]) reader.leave()
    },
  )

  test('leave connections for polls, posts and the application’s own requests', async ({ serve, client }) => {
    const server = await serve()
    const { channel, readers, leave } = await four(server, client)
    const poll = readChannel(channel(5, polling()))
    await poll.sees('open')
    await readers[0]?.channel.send('x' as never)
    const own = await Promise.all([1, 2].map((n) => fetch(`${server.url}own?wait=0&n=${n}`)))
    expect(own.map(({ status }) => status)).toEqual([304, 304])
    poll.leave()
    leave()
  })

  test('do not count towards the limit of WebSockets', async ({ serve, client, skip }) => {
    const limit = limitAt({ server: 'hub', engine: inject('engine'), technique: 'webSocket' }, 'ownConnection')
    skip(limit !== undefined, limit)
    const { channel, leave } = await four(await serve(), client)
    const socket = readChannel(channel(6, webSocket()))
    await socket.sees('open')
    socket.leave()
    leave()
  })
})

/** Opens four streams of one client, the most that may be open. */
async function four(server: Session, client: Fixtures['client']) {
  const push = client({ technique: () => sse() }, { retry })
  const channel = (n: number, technique = sse()) =>
    push.channel(defineChannel({ url: `${server.url}${n}`, decode: (raw) => raw, technique, sendSchema: anything })())
  const readers = Array.from({ length: 4 }, (_, n) => readChannel(channel(n)))
  for (const reader of readers) await reader.sees('open')
  const leave = () => {
    for (const reader of readers) reader.leave()
  }
  return { channel, readers, leave }
}

const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value: String(value) }) },
} as const
