import { describe, expect } from 'vitest'
import { createPushClient, backoff, defineChannel, hub } from 'pinia-push/observables'
import { readChannel, status, test } from './fixtures.ts'
import { nodeRows } from './node-rows.ts'

const topic = defineChannel({ topic: (name: string) => name, decode: (raw) => raw, encode: String })

const CHANNELS = 50

/** How much is published, and sent by the client, by each technique: in all channels together. */
const AMOUNTS: Readonly<Record<string, readonly [published: number, sent: number]>> = {
  webSocket: [100_000, 10_000],
  sse: [20_000, 1_000],
  longPolling: [20_000, 1_000],
  fallback: [20_000, 1_000],
}

const numbers = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`)

describe.for(Object.entries(AMOUNTS))(
  'over a connection that is cut every 0.2 to 2 s, by %s',
  ([name, [published, sent]]) => {
    test(`${published} messages arrive once, in order, and ${sent} that are sent are published once, in order`, async ({
      serve,
      onTestFinished,
    }) => {
      const row = nodeRows.find((each) => each.name === name)
      if (!row) throw new Error(`no row "${name}"`)
      const perChannel = published / CHANNELS
      const server = await serve({ history: { count: 2 * (published + sent) }, maxPublishRate: 2 * sent })
      const push = createPushClient({
        technique: row.technique(),
        backend: hub(),
        baseUrl: server.url,
        retry: backoff({ initialDelay: 20, maxDelay: 50 }),
        sendTimeout: 200_000,
        maxQueuedSends: sent,
        warnings: false,
      })
      onTestFinished(() => push.close())
      const names = numbers('room/', CHANNELS)
      const readers = names.map((each) => readChannel(push.channel(topic(each))))
      await Promise.all(readers.map(({ channel }) => status(channel, 'open')))

      let faults = 0
      let goesOn = true
      onTestFinished(() => void (goesOn = false))
      const breaking = (async () => {
        while (goesOn) {
          // The times of the faults are what the test is about; nothing waits for them.
          await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 1_800))
          await server.fault({ drop: true })
          faults += 1
        }
      })()
      const batch = numbers('p', perChannel).map((data) => ({ data }))
      const pace = { every: 100, batch: Math.ceil(perChannel / 20) }
      const publishing = Promise.all(names.map((each) => server.publish(each, batch, pace)))
      const sending = names.flatMap((each) =>
        numbers('s', sent / CHANNELS).map((data) => push.channel(topic(each)).send(data)),
      )
      await Promise.all([publishing, ...sending])
      await Promise.all(
        readers.flatMap((reader) => [reader.gets(`p${perChannel - 1}`), reader.gets(`s${sent / CHANNELS - 1}`)]),
      )
      goesOn = false
      await breaking

      for (const reader of readers) {
        expect(reader.data.filter((data) => data.startsWith('p'))).toEqual(numbers('p', perChannel))
        expect(reader.data.filter((data) => data.startsWith('s'))).toEqual(numbers('s', sent / CHANNELS))
        expect(reader.count('gap')).toBe(0)
      }
      console.log(`sessions  ${name}  published ${published}  sent ${sent}  each once and in order  cuts ${faults}`)
      expect(faults).toBeGreaterThan(0)
    })
  },
)
