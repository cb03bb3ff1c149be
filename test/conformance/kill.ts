import { expect } from 'vitest'
import { backoff } from 'pinia-push/observables'
import { combination } from './combination.ts'
import type { Engine } from './engines.ts'
import { figuresOf, inWords } from './figures.ts'
import type { Session } from '../servers/control-client.ts'
import { story, type readChannel } from './fixtures.ts'
import type { Row } from './rows.ts'

const MESSAGES = 300
const messages = Array.from({ length: MESSAGES }, (_, n) => ({ data: String(n) }))

/**
 * Waits until a reader has a cursor. A node may open a stream a moment before Redis sends it what is published, and without
 * a cursor the reader cannot know what it missed.
 */
async function hasCursor(reader: ReturnType<typeof readChannel>, server: Session) {
  await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
  while (reader.data.length === 0) await server.publish('a', [{ data: READY }])
}
const READY = 'ready'
const after = (reader: ReturnType<typeof readChannel>) => reader.data.filter((data) => data !== READY)

/** The promises about nodes that share one Redis, of which one dies or reloads its configuration. */
export function nodes(row: Row, engine: Engine) {
  combination({ technique: row.name, server: 'nchan-redis', engine }, ({ library }) => {
    library.for([
      ['resumes at the other node when one is killed, without loss, repeat or reordering', 'kill', 'failOver'],
      ['loses, repeats and reorders nothing when a node reloads', 'reload', 'reload'],
    ] as const)('%s', async ([, word, disturb], { serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`, {
        retry: backoff({ initialDelay: 20, maxDelay: 50 }),
        connectTimeout: 5_000,
      })
      await hasCursor(reader, server)
      const published = server.publish('a', messages, { every: 5, batch: 1 })
      await reader.gets('100')
      await server[disturb]()
      await published
      await reader.gets(String(MESSAGES - 1))
      const figures = figuresOf(after(reader).map(Number), MESSAGES)
      console.log(`${word}  ${engine}  ${row.name}  ${inWords({ ...figures, gaps: reader.count('gap') })}`)
      expect(after(reader)).toEqual(messages.map(({ data }) => data))
      expect(reader.events.filter(({ type }) => type === 'gap' || type === 'closed')).toEqual([])
    })

    library(
      'continues when Redis restarts empty, and readers that had received everything lose nothing',
      async ({ serve, read }) => {
        const server = await serve()
        const reader = read(row, `${server.url}a`, {
          retry: backoff({ initialDelay: 20, maxDelay: 50 }),
          connectTimeout: 5_000,
        })
        await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
        await server.publish('a', [{ data: 'one' }])
        await reader.gets('one')
        await server.restart()
        await server.publish('a', [{ data: 'two' }])
        await reader.gets('two')
        console.log(`redis restart  ${engine}  ${row.name}  ${story(reader.events).join(', ')}`)
        expect(reader.data).toEqual(['one', 'two'])
      },
    )

    library(
      'emits a gap when a restart of Redis lost messages that a reader had not received',
      async ({ serve, read }) => {
        const server = await serve()
        const reader = read(row, `${server.url}a`, {
          retry: backoff({ initialDelay: 20, maxDelay: 50 }),
          connectTimeout: 5_000,
        })
        await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
        await server.publish('a', [{ data: 'one' }])
        await reader.gets('one')
        await server.fault({ refuse: true, drop: true })
        await reader.sees('reconnecting')
        await server.publish('a', [{ data: 'two' }])
        await server.restart()
        // The memory of the first node is lost too.
        await server.failOver()
        await server.fault({ resume: true })
        await reader.sees('gap')
        await server.publish('a', [{ data: 'three' }])
        await reader.gets('three')
        expect(story(reader.events)).toEqual(['one', 'gap history-expired', 'three'])
      },
    )
  })
}
