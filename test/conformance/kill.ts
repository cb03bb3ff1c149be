import { expect } from 'vitest'
import { backoff } from 'pinia-push/observables'
import { combination } from './combination.ts'
import type { Engine } from './engines.ts'
import { figuresOf, inWords } from './figures.ts'
import { story, test } from './fixtures.ts'
import type { Row } from './rows.ts'

const MESSAGES = 300
const messages = Array.from({ length: MESSAGES }, (_, n) => ({ data: String(n) }))

/** What is promised where nodes share one Redis, and one of them dies or gets a new configuration in mid-stream. */
export function nodes(row: Row, engine: Engine) {
  combination({ technique: row.name, server: 'nchan-redis', engine }, () => {
    test('goes on at the other node when one is killed: nothing is lost, repeated or out of order', async ({
      serve,
      read,
    }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`, { retry: backoff({ base: 20, max: 50 }) })
      await reader.sees('open', ({ presumed }) => !presumed)
      const published = server.publish('a', messages, { every: 5, batch: 1 })
      await reader.gets('100')
      await server.failOver()
      await published
      await reader.gets(String(MESSAGES - 1))
      const figures = figuresOf(reader.data.map(Number), MESSAGES)
      console.log(`kill  ${engine}  ${row.name}  ${inWords({ ...figures, gaps: reader.count('gap') })}`)
      expect(reader.data).toEqual(messages.map(({ data }) => data))
      expect(reader.count('gap')).toBe(0)
    })

    test('takes a graceful reload for a reconnect, and no more', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`, { retry: backoff({ base: 20, max: 50 }) })
      await reader.sees('open', ({ presumed }) => !presumed)
      const published = server.publish('a', messages, { every: 5, batch: 1 })
      await reader.gets('100')
      await server.reload()
      await published
      await reader.gets(String(MESSAGES - 1))
      const figures = figuresOf(reader.data.map(Number), MESSAGES)
      console.log(`reload  ${engine}  ${row.name}  ${inWords({ ...figures, gaps: reader.count('gap') })}`)
      expect(reader.data).toEqual(messages.map(({ data }) => data))
      expect(reader.events.filter(({ type }) => type === 'gap' || type === 'closed')).toEqual([])
    })

    test('goes on when the nodes’ Redis is started anew with nothing in it: readers who were told all lose nothing', async ({
      serve,
      read,
    }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`, { retry: backoff({ base: 20, max: 50 }) })
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', [{ data: 'one' }])
      await reader.gets('one')
      await server.restart()
      await server.publish('a', [{ data: 'two' }])
      await reader.gets('two')
      console.log(`redis anew  ${engine}  ${row.name}  ${story(reader.events).join(', ')}`)
      expect(reader.data).toEqual(['one', 'two'])
    })

    test('says gap where a Redis that is started anew took what a reader was not told', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row, `${server.url}a`, { retry: backoff({ base: 20, max: 50 }) })
      await reader.sees('open', ({ presumed }) => !presumed)
      await server.publish('a', [{ data: 'one' }])
      await reader.gets('one')
      await server.fault({ refuse: true, drop: true })
      await reader.sees('waiting')
      await server.publish('a', [{ data: 'two' }])
      await server.restart()
      // What the first node remembers goes with it.
      await server.failOver()
      await server.fault({ resume: true })
      await reader.sees('gap')
      await server.publish('a', [{ data: 'three' }])
      await reader.gets('three')
      expect(story(reader.events)).toEqual(['one', 'gap expired', 'three'])
    })
  })
}
