import { describe, expect } from 'vitest'
import {
  backoff,
  defineChannel,
  hub,
  type PushClient,
  type PushClientOptions,
  type PushError,
} from 'pinia-push/observables'
import type { Engine } from './engines.ts'
import { eventually, readChannel, status, story, test as base } from './fixtures.ts'
import { PATIENT } from './patient.ts'
import type { Row } from './rows.ts'

const topic = defineChannel({ topic: (name: string) => name, decode: (raw) => raw, encode: String })
const bytes = defineChannel({ topic: 'bytes', binary: true })

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => String(from + at))
const texts = (...data: string[]) => data.map((each) => ({ data: each }))

/** Text that breaks careless framing. */
const AWKWARD = [
  'line\nline',
  'carriage\r\nreturn',
  'astral 😀 ユニコード',
  '\0nul',
  '',
  ' ',
  '[{"end":"a"}]\n',
  '</script><!--',
]

const test = base.extend<{
  /** A client of the sessions of a row, for this test alone. */
  sessions: (row: Pick<Row, 'technique'>, baseUrl: string, options?: PushClientOptions) => PushClient
}>({
  sessions: ({ client }, use) =>
    use((row, baseUrl, options) => client(row, { backend: hub(), baseUrl, ...PATIENT, ...options })),
})

/** What a session of the hub promises with a technique: many channels on one connection, and each as if it had its own. */
export function sessionsOf(row: Row, engine: Engine): void {
  describe(`a session by ${row.name} in ${engine}`, () => {
    test('delivers many channels, each with its own messages, in order', async ({ serve, sessions }) => {
      const server = await serve()
      const push = sessions(row, server.url)
      const names = range(0, 20).map((n) => `room/${n}`)
      const readers = names.map((name) => readChannel(push.channel(topic(name))))
      await Promise.all(readers.map(({ channel }) => status(channel, 'open')))
      await Promise.all(names.map((name, at) => server.publish(name, texts(...range(at, at + 20)))))
      await Promise.all(readers.map((reader, at) => reader.gets(String(at + 19))))
      for (const [at, reader] of readers.entries()) expect(story(reader.events)).toEqual(range(at, at + 20))
      const { open } = await server.stats()
      // A POST may still have its connection, which the browser keeps.
      expect(open).toBeLessThanOrEqual(row.sends ? 1 : 3)
    })

    test('delivers any text and bytes unchanged', async ({ serve, sessions }) => {
      const server = await serve()
      const push = sessions(row, server.url)
      const text = readChannel(push.channel(topic('a')))
      const binary = readChannel(push.channel(bytes()))
      await Promise.all([status(text.channel, 'open'), status(binary.channel, 'open')])
      await server.publish('a', texts(...AWKWARD, 'end'))
      await server.publish('bytes', [{ base64: 'AP8KDQ==' }, { base64: '' }, { base64: 'Aw==' }])
      await text.gets('end')
      await binary.sees('message', ({ data }) => data[0] === 3)
      expect(text.data).toEqual([...AWKWARD, 'end'])
      expect(binary.data.map((data) => [...data])).toEqual([[0, 255, 10, 13], [], [3]])
    })

    test('resumes each channel after its own last message when the connection was lost', async ({
      serve,
      sessions,
    }) => {
      const server = await serve()
      const push = sessions(row, server.url)
      const [one, two, idle] = ['one', 'two', 'idle'].map((name) => readChannel(push.channel(topic(name))))
      if (!one || !two || !idle) return
      await Promise.all([one, two, idle].map(({ channel }) => status(channel, 'open')))
      await server.publish('one', texts('1'))
      await server.publish('two', texts('1', '2'))
      await Promise.all([one.gets('1'), two.gets('2')])
      await server.fault({ refuse: true, drop: true })
      await Promise.all([one.sees('reconnecting'), two.sees('reconnecting'), idle.sees('reconnecting')])
      await server.publish('one', texts('2', '3'))
      await server.publish('idle', texts('1'))
      await server.fault({ refuse: false })
      await Promise.all([one.gets('3'), idle.gets('1'), status(two.channel, 'open')])
      await server.publish('two', texts('3'))
      await two.gets('3')
      expect([story(one.events), story(two.events), story(idle.events)]).toEqual([range(1, 4), range(1, 4), ['1']])
    })

    test('emits a gap on each channel when the hub was restarted', async ({ serve, sessions }) => {
      const server = await serve()
      const push = sessions(row, server.url)
      const [one, two] = ['one', 'two'].map((name) => readChannel(push.channel(topic(name))))
      if (!one || !two) return
      await Promise.all([status(one.channel, 'open'), status(two.channel, 'open')])
      await server.publish('one', texts('1'))
      await one.gets('1')
      await server.restart()
      await Promise.all([one.sees('gap'), two.sees('gap')])
      await server.publish('one', texts('2'))
      await one.gets('2')
      expect([story(one.events), story(two.events)]).toEqual([['1', 'gap unknown-cursor', '2'], ['gap unknown-cursor']])
    })

    test('a channel that is rejected, ends or is left does not affect the others', async ({ serve, sessions }) => {
      const server = await serve()
      const push = sessions(row, server.url)
      const [stays, ends, leaves] = ['stays', 'ends', 'leaves'].map((name) => readChannel(push.channel(topic(name))))
      if (!stays || !ends || !leaves) return
      await Promise.all([stays, ends, leaves].map(({ channel }) => status(channel, 'open')))
      const refused = readChannel(push.channel(topic('a/../b')))
      const { error } = await refused.sees('failed')
      expect([error.code, error.status]).toEqual(['rejected', 400])
      await server.publish('ends', texts('last'))
      await server.end('ends')
      await ends.sees('closed')
      leaves.leave()
      await server.publish('stays', texts('1'))
      await stays.gets('1')
      expect(stays.count('reconnecting')).toBe(0)
      expect(story(ends.events)).toEqual(['last'])
      const again = readChannel(push.channel(topic('leaves')))
      await status(again.channel, 'open')
      await server.publish('leaves', texts('2'))
      await again.gets('2')
    })

    test.concurrent.for(['connecting', 'unacknowledged', 'open', 'sending', 'reconnecting'] as const)(
      'leaves no connection behind when the last reader leaves while %s',
      async (phase, { serve, sessions }) => {
        const server = await serve()
        if (phase === 'connecting') await server.fault({ hang: true })
        // The server receives everything, and none of its responses arrive.
        if (phase === 'unacknowledged') await server.fault({ pass: 0 })
        if (phase === 'reconnecting') await server.fault({ refuse: true })
        const retry = backoff({ initialDelay: 60_000, maxDelay: 60_000 })
        // WebKit reports nothing for a frame that is refused, so this limit ends the attempt.
        const connectTimeout = phase === 'reconnecting' ? 2_000 : 60_000
        const channel = sessions(row, server.url, { retry, connectTimeout }).channel(topic('a'))
        const reader = readChannel(channel)
        if (phase === 'reconnecting') await reader.sees('reconnecting')
        else if (phase === 'open' || phase === 'sending') await status(reader.channel, 'open')
        else await eventually(server.stats, ({ open }) => open > 0)
        let sent: Promise<unknown> | undefined
        if (phase === 'sending') {
          await server.fault({ pass: 0 })
          const { bytesUp: before } = await server.stats()
          sent = channel.send('1').catch(({ code }: PushError) => code)
          await eventually(server.stats, ({ bytesUp }) => bytesUp > before)
        }
        reader.leave()
        expect(reader.channel.status).toBe('idle')
        expect(await sent).toBe(phase === 'sending' ? 'send-aborted' : undefined)
        await server.fault({ resume: true })
        // A browser keeps the connection of a POST or a poll for some seconds, and Firefox that of an upgrade without a response.
        const isHung = phase === 'connecting'
        const { requests } = await eventually(server.stats, ({ used }) => used === 0 || isHung)
        await server.publish('a', texts('unread'))
        expect({ data: reader.data, requests: (await server.stats()).requests - requests }).toEqual({
          data: [],
          requests: 0,
        })
      },
    )

    test('publishes sent messages in order, and resolves when the hub has them', async ({ serve, sessions }) => {
      const server = await serve()
      const push = sessions(row, server.url)
      const reader = readChannel(push.channel(topic('a')))
      await status(reader.channel, 'open')
      await Promise.all(range(0, 30).map((data) => push.channel(topic('a')).send(data)))
      await reader.gets('29')
      expect(story(reader.events)).toEqual(range(0, 30))
    })

    test('publishes messages once that are sent while the connection is cut', async ({ serve, sessions }) => {
      const server = await serve()
      const push = sessions(row, server.url)
      const channel = push.channel(topic('a'))
      const reader = readChannel(channel)
      await status(channel, 'open')
      await channel.send('0')
      await server.fault({ cut: { min: 2_000, max: 8_000 } })
      const sent = range(1, 60)
      for (const data of sent) await channel.send(data)
      await server.fault({ cut: null })
      await reader.gets('59')
      expect(story(reader.events)).toEqual(range(0, 60))
    })
  })
}
