import { NEVER } from 'rxjs'
import { afterEach, expect, test, vi } from 'vitest'
import type { PushRequest, SourceEvent } from 'pinia-push/kit'
import { nchan, polling } from 'pinia-push/observables'
import { virtualTime } from 'pinia-push/testing'

afterEach(() => vi.restoreAllMocks())

const head = (etag: string, more = false) => ({
  'Content-Type': 'text/plain',
  'Last-Modified': 'Thu, 01 Jan 1970 00:00:09 GMT',
  ETag: etag,
  'Push-Heartbeat': '15',
  ...(more && { 'Push-More': '1' }),
})

/** Polls with these responses, and returns how long each poll waited for the one before it, in ms. */
async function intervals(
  responses: readonly (() => Response)[],
  options: Partial<PushRequest> = {},
): Promise<number[]> {
  const scheduler = virtualTime()
  const sentAt: number[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
    sentAt.push(scheduler.now())
    return responses[sentAt.length - 1]?.() ?? new Promise<Response>(() => {})
  })
  const events: SourceEvent[] = []
  const request: PushRequest = {
    url: 'http://push.test/a',
    headers: {},
    cursor: undefined,
    credentials: 'same-origin',
    backend: nchan(),
    scheduler,
    ...options,
  }
  const technique = polling({ minInterval: 1_000, maxInterval: 2_000, backoffFactor: 1.5 })
  const subscription = technique.connect(request).subscribe((event) => events.push(event))
  const polled = () => {
    scheduler.advance(50)
    return sentAt.length
  }
  await expect.poll(polled, { interval: 5, timeout: 20_000 }).toBe(responses.length + 1)
  subscription.unsubscribe()
  return sentAt.slice(1).map((at, index) => Math.floor((at - (sentAt[index] ?? 0)) / 500) * 500)
}

const nothing = (etag: string) => () => new Response(null, { status: 304, headers: head(etag) })
const one = (etag: string, more?: boolean) => () => new Response('one', { headers: head(etag, more) })

test('the interval grows up to `maxInterval` while nothing arrives, and a message resets it', async () => {
  const responses = [one('1'), nothing('1'), nothing('1'), nothing('1'), one('2')]
  expect(await intervals(responses)).toEqual([1_000, 1_500, 2_000, 2_000, 1_000])
})

test('the next poll starts at once while the server has more messages', async () => {
  expect(await intervals([one('1', true), one('2'), nothing('2')])).toEqual([0, 1_000, 1_500])
})

test('`pollRate` delays polls without changing the interval of the technique', async () => {
  const pollRate = { minInterval: () => 1_500, pollNow$: NEVER }
  expect(await intervals([one('1'), nothing('1'), nothing('1')], { pollRate })).toEqual([1_500, 1_500, 2_000])
})
