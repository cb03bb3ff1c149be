import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPushClient, defineChannel, type PushEvent } from 'pinia-push/observables'
import { mockTechnique, virtualTime } from 'pinia-push/testing'

/** A channel that keeps `replay` messages, and what a reader that comes now is given of the past. */
function keeping(replay: number) {
  const technique = mockTechnique()
  const client = createPushClient({ technique, baseUrl: 'http://push.test', scheduler: virtualTime() })
  const channel = client.channel(defineChannel({ url: '/a', replay, decode: Number })())
  channel.events$.subscribe()
  technique.latest.open()
  const past = () => {
    const events: PushEvent<number>[] = []
    channel.events$.subscribe((event) => events.push(event)).unsubscribe()
    return events.flatMap((event): (number | string)[] =>
      event.type === 'message' ? [event.data] : event.type === 'gap' ? ['gap'] : [],
    )
  }
  return { technique, past }
}

describe('a late reader', () => {
  test('receives the last messages and the gaps between them, for any sequence of events', () => {
    const word = fc.constantFrom('message', 'message', 'gap')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(word, { maxLength: 40 }), (replay, words) => {
        const { technique, past } = keeping(replay)
        const all: (number | string)[] = words.map((is, index) => (is === 'gap' ? is : index))
        for (const item of all) {
          if (item === 'gap') technique.latest.gap('history-expired')
          else technique.latest.message(item)
        }
        const messages = all.filter((item) => item !== 'gap')
        const oldest = messages.at(-replay)
        const expected = messages.length > replay && oldest !== undefined ? all.slice(all.indexOf(oldest)) : all
        expect(past()).toEqual(expected)
      }),
    )
  })

  test('costs the same for each message, however many are kept', () => {
    const cost = (replay: number) => {
      const { technique } = keeping(replay)
      const begun = process.cpuUsage()
      for (let n = 0; n < 100_000; n += 1) technique.latest.message(n)
      const { user, system } = process.cpuUsage(begun)
      return user + system
    }
    // To move what is kept for each message would cost about forty times as much.
    expect(cost(50_000)).toBeLessThan(10 * Math.max(cost(100), cost(100)))
  })
})
