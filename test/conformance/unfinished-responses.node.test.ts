import { describe, expect, vi } from 'vitest'
import { backoff, fetchStream, longPolling, standard, polling, sse } from 'pinia-push/observables'
import { virtualTime } from 'pinia-push/testing'
import { status, test } from './fixtures.ts'

const options = { backend: standard(), retry: backoff({ initialDelay: 10, maxDelay: 10 }), connectTimeout: 20_000 }
const polls = [
  ['polling', { technique: () => polling({ minInterval: 10 }) }],
  ['long polling', { technique: () => longPolling() }],
] as const
const streams = [
  ['sse', { technique: () => sse() }],
  ['a fetch stream', { technique: () => fetchStream() }],
] as const

describe.each(polls)('%s', (_, row) => {
  test('detects a response that stalls in its body, and polls again', async ({ script, read }) => {
    const server = await script()
    await server.respond([
      { headers: { 'content-type': 'text/plain', 'content-length': '100' }, body: 'x'.repeat(20), hold: true },
      { headers: { 'content-type': 'text/plain' }, body: 'whole' },
    ])
    const reader = read(row, `${server.url}a`, { ...options, heartbeatInterval: 100, heartbeatGrace: 100 })
    await reader.gets('whole')
    const waits = reader.events.flatMap((event) => (event.type === 'reconnecting' ? [event.error.code] : []))
    expect(waits).toEqual(['heartbeat-timeout'])
    expect(reader.data).toEqual(['whole'])
  })
})

describe.each([...polls, ...streams])('%s', (_, row) => {
  test.for([
    [404, 'rejected', 'failed'],
    [401, 'unauthorized', 'failed'],
    [503, 'unavailable', 'reconnecting'],
  ] as const)('reports a %i whose body never ends', async ([code, error, state], { script, read }) => {
    const server = await script()
    await server.respond([{ status: code, headers: { 'retry-after': '600' }, body: 'because', hold: true }])
    const reader = read(row, `${server.url}a`, options)
    const event = await reader.sees(state)
    expect(event.error).toMatchObject({ code: error, status: code })
    expect(event.error.message).toContain('because')
    expect(reader.count('open')).toBe(0)
    expect(await server.requests()).toHaveLength(1)
  })
})

test('a long poll that is rejected slowly is never open', async ({ script, read }) => {
  const server = await script()
  await server.respond([{ status: 503, headers: { 'retry-after': '600' }, hold: true }])
  const time = virtualTime()
  const asked = vi.spyOn(globalThis, 'fetch')
  const reader = read({ technique: () => longPolling() }, `${server.url}a`, { ...options, scheduler: time })
  // A request without a response for a second is presumed open.
  time.advance(999)
  await expect.poll(() => asked.mock.settledResults[0]?.type).toBe('fulfilled')
  asked.mockRestore()
  time.advance(250)
  await reader.sees('reconnecting')
  expect(reader.count('open')).toBe(0)
})

test('a long poll on a dead connection is open once, and again when something is received', async ({
  script,
  read,
}) => {
  const server = await script()
  await server.respond([{ delay: 3_600_000 }])
  const time = virtualTime()
  const reader = read({ technique: () => longPolling() }, `${server.url}a`, {
    ...options,
    heartbeatGrace: 5_000,
    scheduler: time,
  })
  time.advance(200_000)
  expect(reader.count('open')).toBe(1)
  expect(reader.count('reconnecting')).toBeGreaterThan(5)
  await server.respond([{ headers: { 'content-type': 'text/plain' }, body: 'back' }])
  // The response arrives in real time, within twenty of these steps, before the attempt times out.
  const answered = () => {
    time.advance(1_000)
    return reader.count('message')
  }
  await expect.poll(answered).toBeGreaterThan(0)
  expect(reader.events.filter(({ type }) => type === 'open')).toMatchObject([
    { unconfirmed: true },
    { unconfirmed: false },
  ])
})

describe('a server that sends its head with its first event', () => {
  const late = { headers: { 'content-type': 'text/event-stream' }, body: 'data: one\n\n', hold: true, delay: 700 }
  const row = { technique: () => sse() }

  test('gets more time after each attempt, until it responds', async ({ script, read }) => {
    const server = await script()
    await server.respond([late])
    const reader = read(row, `${server.url}a`, { ...options, connectTimeout: 100 })
    await reader.gets('one')
    await status(reader.channel, 'open')
  })

  test('is reported by an error that names `connectTimeout` and the fix', async ({ script, read }) => {
    const server = await script()
    await server.respond([late])
    const reader = read(row, `${server.url}a`, { ...options, connectTimeout: 100 })
    const { error } = await reader.sees('reconnecting')
    expect(error.code).toBe('connect-timeout')
    expect(error.message).toMatch(/head of its response at once.*raise `connectTimeout`/)
  })
})
