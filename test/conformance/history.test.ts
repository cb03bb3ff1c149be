import { expect, test } from 'vitest'
import { PushError, type PushEvent } from 'pinia-push/observables'
import { histories, history } from './history.ts'

const message = (data: string): PushEvent<string> => ({ type: 'message', data, event: 'message' })
const connecting: PushEvent<string> = { type: 'connecting', attempt: 0 }
const dated = (events: readonly PushEvent<string>[]) => events.map((event, n) => ({ event, at: 1_000 + n }))

test('shows each event with its time, and messages in a row as one line', () => {
  const error = new PushError('connection-lost', 'The server ended the stream.')
  const events: PushEvent<string>[] = [
    connecting,
    { type: 'open', technique: 'sse', unconfirmed: false },
    message('a'),
    message('b'),
    message('c'),
    { type: 'reconnecting', error, attempt: 1, delay: 20, retryAt: 0 },
    { type: 'gap', reason: 'not-resumed' },
    message('x'.repeat(100)),
  ]
  expect(history(dated(events), 1_000)).toEqual([
    '0 ms  connecting, attempt 0',
    '1 ms  open sse',
    '2 ms  3 messages "a" to "c"',
    '5 ms  reconnecting in 20 ms: connection-lost, The server ended the stream.',
    '6 ms  gap not-resumed',
    `7 ms  message "${'x'.repeat(39)}…`,
  ])
})

test('of a long history shows the beginning, the end, and what surrounds a gap', () => {
  const many = Array.from({ length: 100 }, () => connecting)
  const lines = history(dated([...many, { type: 'gap', reason: 'not-resumed' }, ...many]))
  const gap = lines.indexOf('1100 ms  gap not-resumed')
  expect([lines[0], lines[8], lines[gap - 1], lines[gap + 1], lines.at(-1)]).toEqual([
    '1000 ms  connecting, attempt 0',
    '... 84 more ...',
    '1099 ms  connecting, attempt 0',
    '1101 ms  connecting, attempt 0',
    '1200 ms  connecting, attempt 0',
  ])
  expect(lines).toHaveLength(8 + 1 + 8 + 1 + 8 + 1 + 8)
})

test('keeps channels apart', () => {
  const [one, two] = [{ url: '/one' }, { url: '/two' }]
  const events = [one, two, one].map((channel, at) => ({ channel, event: message(channel.url), at }))
  expect(histories(events, 0)).toBe(
    'What readers of "/one" received:\n  0 ms  2 messages "/one" to "/one"\nWhat readers of "/two" received:\n  1 ms  message "/two"',
  )
})
