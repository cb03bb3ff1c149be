import { describe, expect, inject, onTestFinished } from 'vitest'
import {
  createPushClient,
  type Channel,
  type PushClient,
  type PushClientOptions,
  type PushError,
  type PushEvent,
  type Technique,
} from 'pinia-push/observables'
import { openSession, type Session } from '../servers/control-client.ts'
import { eventually, readChannel, status, story, test as base } from './fixtures.ts'
import { PATIENT } from './patient.ts'
import { topic, topicRows, type TopicRow } from './topic-rows.ts'

const texts = (...data: string[]) => data.map((each) => ({ data: each }))
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => String(from + at))

const AWKWARD = [
  'line\nline',
  'astral 😀 ユニコード',
  '\0nul',
  '',
  ' ',
  '"quoted"',
  '[{"end":"a"}]',
  '{"_placeholder":true}',
]

const test = base.extend<{
  /** Starts the server of a row, for this test alone. */
  start: (row: TopicRow) => Promise<Session>
}>({
  start: async ({}, use) => {
    const sessions: Session[] = []
    await use(async (row) => {
      const session = await openSession(inject('control'), { kind: row.server })
      sessions.push(session)
      return session
    })
    await Promise.all(sessions.map((session) => session.close()))
  },
})

/** Reads channels until each is open. */
async function readAll(push: PushClient, channel: typeof topic, ...names: string[]) {
  const readers = names.map((name) => readChannel(push.channel(channel(name))))
  await Promise.all(readers.map(({ channel }) => status(channel as Channel<string>, 'open')))
  return readers
}

/** The numbers of messages that are missing without a gap, are repeated, or come in another order. */
function unreported(events: readonly PushEvent<string>[]): string[] {
  let last = -1
  let isAfterGap = false
  const wrong: string[] = []
  for (const event of events) {
    if (event.type === 'gap') isAfterGap = true
    if (event.type !== 'message') continue
    const number = Number(event.data)
    if (number <= last || (number > last + 1 && !isAfterGap)) wrong.push(`${number} after ${last}`)
    last = number
    isAfterGap = false
  }
  return wrong
}

function promisesOf(row: TopicRow, technique: () => Technique, engine: string): void {
  const { channel = topic } = row

  /** Returns a client of a server, which is closed after the test. */
  const connect = ({ url }: Session, options: PushClientOptions = {}) => {
    const client = createPushClient({
      technique: technique(),
      backend: row.backend(url),
      baseUrl: url,
      ...PATIENT,
      ...options,
    })
    onTestFinished(() => client.close())
    return client
  }

  describe(`${row.name} in ${engine}`, () => {
    test('delivers many topics on one connection, each with its own messages, in order', async ({ start }) => {
      const server = await start(row)
      const names = range(0, 20).map((n) => `room-${n}`)
      const readers = await readAll(connect(server), channel, ...names)
      await Promise.all(names.map((name, at) => server.publish(row.publishedTo(name), texts(...range(at, at + 20)))))
      await Promise.all(readers.map((reader, at) => reader.gets(String(at + 19))))
      for (const [at, reader] of readers.entries()) expect(story(reader.events)).toEqual(range(at, at + 20))
      expect((await server.stats()).open).toBe(1)
    })

    test('delivers any text unchanged', async ({ start }) => {
      const server = await start(row)
      const [reader] = await readAll(connect(server), channel, 'a')
      await server.publish(row.publishedTo('a'), texts(...AWKWARD, 'end'))
      await reader?.gets('end')
      expect(reader?.data).toEqual([...AWKWARD, 'end'])
    })

    test(`${row.resumes ? 'resumes' : 'emits a gap on'} each topic after the connection was lost`, async ({
      start,
    }) => {
      const server = await start(row)
      const [one, two] = await readAll(connect(server), channel, 'one', 'two')
      if (!one || !two) return
      await server.publish(row.publishedTo('one'), texts('1'))
      await server.publish(row.publishedTo('two'), texts('1'))
      await Promise.all([one.gets('1'), two.gets('1')])
      await server.fault({ refuse: true, drop: true })
      await Promise.all([one.sees('reconnecting'), two.sees('reconnecting')])
      await server.publish(row.publishedTo('one'), texts('2'))
      await server.fault({ refuse: false })
      await Promise.all([status(one.channel, 'open'), status(two.channel, 'open')])
      await server.publish(row.publishedTo('one'), texts('3'))
      await server.publish(row.publishedTo('two'), texts('2'))
      await Promise.all([one.gets('3'), two.gets('2')])
      expect([story(one.events), story(two.events)]).toEqual(
        row.resumes
          ? [
              ['1', '2', '3'],
              ['1', '2'],
            ]
          : [
              ['1', 'gap not-resumed', '3'],
              ['1', 'gap not-resumed', '2'],
            ],
      )
    })

    test('emits a gap on each topic when the server was restarted', async ({ start }) => {
      const server = await start(row)
      const [one, two] = await readAll(connect(server), channel, 'one', 'two')
      if (!one || !two) return
      await server.publish(row.publishedTo('one'), texts('1'))
      await one.gets('1')
      await server.restart()
      await Promise.all([one.sees('gap'), two.sees('gap')])
      await server.publish(row.publishedTo('one'), texts('2'))
      await one.gets('2')
      expect([story(one.events), story(two.events)]).toEqual([['1', 'gap not-resumed', '2'], ['gap not-resumed']])
    })

    test('misses no message without a gap, and repeats none, while connections are cut', async ({ start }) => {
      const server = await start(row)
      const [reader] = await readAll(connect(server), channel, 'a')
      // Connections that are open already are not cut.
      await server.fault({ cut: { min: 400, max: 4_000 }, drop: true })
      const sent = 600
      await server.publish(row.publishedTo('a'), texts(...range(0, sent)), { every: 2, batch: 1 })
      await server.fault({ cut: null })
      // A message that was lost is not sent again, so a later one shows where the connection stands.
      const last = async () => {
        await server.publish(row.publishedTo('a'), texts(String(sent)))
        return reader?.data.includes(String(sent)) ?? true
      }
      await eventually(last, (arrived) => arrived)
      const upToEnd = reader?.events.slice(
        0,
        reader.events.findIndex((event) => event.type === 'message' && event.data === String(sent)) + 1,
      )
      expect(unreported(upToEnd ?? [])).toEqual([])
      expect((await server.stats()).cuts).toBeGreaterThan(0)
    })

    test('a topic that is left does not affect the others', async ({ start }) => {
      const server = await start(row)
      const push = connect(server)
      const [stays, leaves] = await readAll(push, channel, 'stays', 'leaves')
      leaves?.leave()
      await server.publish(row.publishedTo('stays'), texts('1'))
      await stays?.gets('1')
      const [again] = await readAll(push, channel, 'leaves')
      await server.publish(row.publishedTo('leaves'), texts('2'))
      await again?.gets('2')
      expect([stays?.count('reconnecting'), story(stays?.events ?? [])]).toEqual([0, ['1']])
    })

    if (row.denied !== undefined) {
      const { denied } = row
      test('a topic that is rejected does not affect the others', async ({ start }) => {
        const server = await start(row)
        const push = connect(server)
        const [stays] = await readAll(push, channel, 'stays')
        const { error } = await readChannel(push.channel(channel(denied))).sees('failed')
        expect(['rejected', 'unauthorized']).toContain(error.code)
        expect(error.message).toContain(denied)
        await server.publish(row.publishedTo('stays'), texts('1'))
        await stays?.gets('1')
        expect(stays?.count('reconnecting')).toBe(0)
      })
    }

    test('a server that does not greet is a `connect-timeout`, and is tried again', async ({ start }) => {
      const server = await start(row)
      await server.fault({ pass: 0 })
      const reader = readChannel(connect(server, { connectTimeout: 300 }).channel(channel('a')))
      const { error } = await reader.sees('reconnecting')
      expect(error.code).toBe('connect-timeout')
      await server.fault({ resume: true })
      await status(reader.channel, 'open')
    })

    test('leaves no connection behind when the last reader leaves', async ({ start }) => {
      const server = await start(row)
      const [one, two] = await readAll(connect(server), channel, 'one', 'two')
      one?.leave()
      expect((await server.stats()).open).toBe(1)
      two?.leave()
      await eventually(server.stats, ({ open }) => open === 0)
    })

    if (row.sends) {
      test('sends messages in order, and resolves with the reply of the server', async ({ start }) => {
        const server = await start(row)
        const push = connect(server)
        const [reader] = await readAll(push, channel, 'a')
        const replies = await Promise.all(range(0, 20).map((data) => push.channel(channel('a')).send(data)))
        await reader?.gets('19')
        expect(story(reader?.events ?? [])).toEqual(range(0, 20))
        expect(replies).toEqual(range(0, 20).map((data) => row.reply?.(data)))
      })
    }
    if (row.reply && row.denied !== undefined) {
      test('rejects a message that the server rejects, with the reason', async ({ start }) => {
        const server = await start(row)
        const push = connect(server)
        await readAll(push, channel, 'a')
        const rejected = push.channel(channel('a')).send('denied')
        await expect(rejected).rejects.toMatchObject({ code: 'send-rejected' } satisfies Partial<PushError>)
      })
    }
  })
}

/** What each backend of a server of topics promises. */
export function topicPromises(technique: () => Technique, engine: string): void {
  for (const row of topicRows) promisesOf(row, technique, engine)
}
