import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advancing } from '../../../src/hub/clock.ts'
import { HubError } from '../../../src/hub/errors.ts'
import { formatId, parseId } from '../../../src/hub/channels/message-id.ts'
import { createRegistry } from '../../../src/hub/channels/channel-registry.ts'

const NAMES = ['a', 'b', 'c', 'd'] as const
const name = fc.constantFrom(...NAMES)

/** What may happen to a hub. */
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('poll' as const), name, reader: fc.nat(1) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('publish' as const),
      name,
      by: fc.constantFrom('application' as const, 'request' as const),
    }),
  },
  fc.record({ type: fc.constant('stream' as const), name }),
  fc.record({ type: fc.constant('leave' as const), name }),
  fc.record({ type: fc.constant('delete' as const), name }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('clock' as const), by: fc.integer({ min: -600, max: 900 }) }) },
  fc.record({ type: fc.constant('prune' as const) }),
)

/** What a request may be refused with. */
const refused = (act: () => void) => {
  try {
    act()
    return false
  } catch (error) {
    if (error instanceof HubError && error.code === 'too-many-channels') return true
    throw error
  }
}

test('a subscriber receives each message once and in order, or a gap, for any sequence of events', () => {
  let gaps = 0
  let received = 0
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80, size: 'max' }), (happenings) => {
      let wall = 1_700_000_000_000
      const now = advancing(() => wall)
      const registry = createRegistry({
        history: { count: 3, age: 1_000, bytes: 1_000 },
        maxHistoryBytes: 1_500,
        maxChannels: 2,
        maxMessageBytes: 100,
        now,
      })
      const published = new Map<string, string[]>(NAMES.map((each) => [each, []]))
      const places = new Map<string, { cursor: string; read: number }>()
      const streams = new Map<string, () => void>()

      const poll = (channelName: string, reader: number) => {
        const all = published.get(channelName) ?? []
        const key = `${channelName}${reader}`
        const place = places.get(key)
        const cursor = place && parseId(place.cursor)
        const end = cursor && registry.endAt(channelName, cursor)
        // An end comes without a gap only to a reader that was sent everything before it.
        expect(end?.complete === true && (place?.read ?? 0) < all.length).toBe(false)
        if (end) return void places.delete(key)
        const channel = registry.channel(channelName)
        const { gap, from } = channel.resume(cursor, 'newest', now())
        const { messages } = channel.after(from, { count: Infinity, bytes: Infinity })
        const bodies = messages.map(({ body }) => body.toString())
        // Without a gap no message is missing. With one, the latest messages follow, and none that was read before.
        const read = place?.read ?? 0
        const start = place && !gap ? read : all.length - bodies.length
        expect({ bodies, repeats: start < read }).toEqual({ bodies: all.slice(start), repeats: false })
        gaps += Number(gap !== undefined)
        received += bodies.length
        places.set(key, { cursor: formatId(messages.at(-1)?.id ?? from), read: all.length })
      }

      for (const event of happenings) {
        if (event.type === 'poll') refused(() => poll(event.name, event.reader))
        else if (event.type === 'clock') wall += event.by
        else if (event.type === 'prune') registry.prune()
        else if (event.type === 'delete') registry.delete(event.name)
        else if (event.type === 'leave') streams.get(event.name)?.()
        else if (event.type === 'stream') {
          refused(() => {
            streams.get(event.name)?.()
            streams.set(event.name, registry.channel(event.name).subscribe({ deliver() {}, end() {} }))
          })
        } else {
          const all = published.get(event.name) ?? []
          const body = `${event.name}${all.length}`
          if (!refused(() => registry.publish(event.name, { body }, event.by))) all.push(body)
        }
      }
    }),
    { numRuns: 500 },
  )
  // It was about something.
  expect(Math.min(gaps, received)).toBeGreaterThan(100)
})
