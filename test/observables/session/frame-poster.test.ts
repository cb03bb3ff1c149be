import { expect, test } from 'vitest'
import { PushError, type PushErrorCode } from 'pinia-push/observables'
import { virtualTime } from 'pinia-push/testing'
import { framePoster } from '../../../src/observables/session/frame-poster.ts'
import { waitFor } from '../../wait-for.ts'

/** A poster, and the POSTs that it made, which the test ends. */
function start() {
  const time = virtualTime()
  const posts: { frame: unknown; query: unknown; signal: AbortSignal; accept(): void; fail(error: unknown): void }[] =
    []
  const failed: PushError[] = []
  const poster = framePoster({
    post: (frame, signal, query) =>
      new Promise((resolve, reject) => void posts.push({ frame, query, signal, accept: resolve, fail: reject })),
    join: (frames) => frames.join('+'),
    timeout: 5_000,
    scheduler: time,
    fail: (error) => failed.push(error),
  })
  return { poster, posts, failed, time, frames: () => posts.map(({ frame }) => frame) }
}

const soon = () => new Promise(setImmediate)

test('frames that are written in one turn, or while a POST is pending, are sent together', async () => {
  const { poster, posts, frames } = start()
  poster.address((number) => ({ session: 's', number: `${number}` }))
  poster.write('a')
  poster.write('b')
  await soon()
  for (const each of ['c', 'd']) poster.write(each)
  await soon()
  expect(frames()).toEqual(['a+b'])
  posts[0]?.accept()
  await soon()
  expect(frames()).toEqual(['a+b', 'c+d'])
  expect(posts.map(({ query }) => query)).toEqual([
    { session: 's', number: '1' },
    { session: 's', number: '2' },
  ])
  posts[1]?.accept()
  await soon()
  poster.write('e')
  await soon()
  expect(frames()).toEqual(['a+b', 'c+d', 'e'])
})

test('bytes, and frames that would make a large body, are sent alone', async () => {
  const { poster, posts, frames } = start()
  const bytes = Uint8Array.of(1)
  const large = 'x'.repeat(70_000)
  for (const each of ['a', bytes, 'b', large, 'c', 'd']) poster.write(each)
  for (let at = 0; at < 6; at += 1) {
    await soon()
    posts[at]?.accept()
  }
  await soon()
  expect(frames()).toEqual(['a', bytes, 'b', large, 'c+d'])
})

test('a POST without a response ends the connection', async () => {
  const { poster, posts, failed, time, frames } = start()
  poster.write('a')
  await soon()
  time.advance(4_999)
  expect(failed).toEqual([])
  time.advance(1)
  expect(failed.map(({ code }) => code)).toEqual(['connect-timeout'])
  expect(posts[0]?.signal.aborted).toBe(true)
  poster.write('b')
  await soon()
  expect(frames()).toEqual(['a'])
})

test.for<[PushErrorCode, number | undefined, PushErrorCode]>([
  ['network-error', undefined, 'network-error'],
  ['send-rejected', 404, 'connection-lost'],
  ['send-rejected', 400, 'rejected'],
  ['send-rejected', 401, 'unauthorized'],
  ['send-rejected', 403, 'unauthorized'],
  ['send-rejected', 429, 'unavailable'],
  ['send-rejected', 503, 'unavailable'],
])('a POST that fails with %s, status %s, ends the connection with %s', async ([code, status, expected]) => {
  const { poster, posts, failed } = start()
  poster.write('a')
  await soon()
  posts[0]?.fail(new PushError(code, 'no', { status }))
  await waitFor(() => expect(failed.map((error) => error.code)).toEqual([expected]))
})

test('posts nothing after its end', async () => {
  const { poster, posts, failed } = start()
  poster.write('a')
  await soon()
  poster.end()
  expect(posts[0]?.signal.aborted).toBe(true)
  posts[0]?.fail(new Error('aborted'))
  await soon()
  expect(failed).toEqual([])
})
