import { expect, test } from 'vitest'
import { defineChannel, type PushClientOptions } from 'pinia-push/observables'
import { createTestingClient } from 'pinia-push/testing'

interface Options extends PushClientOptions {
  resumes?: boolean
  /** Whether a token comes. */
  answers?: () => boolean
}
/** One reader of a channel whose tokens last a minute. */
function read({ resumes = true, answers = () => true, ...own }: Options = {}) {
  let tokens = 0
  const testing = createTestingClient({
    script: { resumes },
    prepare: () =>
      answers()
        ? { query: { token: String((tokens += 1)) }, expires: testing.time.now() + 60_000 }
        : new Promise<never>(() => {}),
    ...own,
  })
  const seen: string[] = []
  const channel = testing.push.channel(defineChannel<string>({ url: '/a' })())
  const subscription = channel.events$.subscribe((event) =>
    seen.push(event.type === 'message' ? event.data : event.type),
  )
  return {
    ...testing,
    news: () => seen.splice(0),
    leave() {
      subscription.unsubscribe()
      testing.expectNoLeaks()
    },
  }
}

test('before a token expires, a connection with a fresh one takes over from its cursor, unseen', () => {
  const { technique, time, news, leave } = read()
  const old = technique.latest
  old.open()
  old.message('one')
  time.advance(53_999)
  expect(technique.connections).toHaveLength(1)
  time.advance(1)
  const renewed = technique.latest
  expect(renewed.request).toMatchObject({ url: 'http://push.test/a?token=2', cursor: { value: 'c1' } })
  expect(old.closed).toBe(false)
  // What is published meanwhile comes by both.
  old.message('two', { cursor: 'c2' })
  renewed.open()
  renewed.message('two', { cursor: 'c2' })
  time.advance(0)
  expect(old.closed).toBe(true)
  renewed.message('three', { cursor: 'c3' })
  expect(news()).toEqual(['connecting', 'open', 'one', 'two', 'three'])
  leave()
})

test('what was renewed is renewed again', () => {
  const { technique, time, news, leave } = read({ rotateAfter: 1e9 })
  technique.latest.open()
  for (let renewal = 1; renewal <= 10; renewal += 1) {
    time.advance(54_000)
    expect(technique.connections).toHaveLength(renewal + 1)
    technique.latest.open()
    time.advance(0)
    expect(technique.connections.filter(({ closed }) => !closed)).toEqual([technique.latest])
  }
  expect(news()).toEqual(['connecting', 'open'])
  leave()
})

test('a renewal that fails harms nothing: the server will say that it expired, and then it is prepared again', () => {
  const { technique, time, news, leave } = read({ rotateAfter: 1e9 })
  const old = technique.latest
  old.open()
  time.advance(54_000)
  technique.latest.refuse(503)
  old.message('one')
  old.drop()
  time.advance(250)
  expect(technique.latest.request.url).toBe('http://push.test/a?token=3')
  technique.latest.open()
  expect(news()).toEqual(['connecting', 'open', 'one', 'waiting', 'connecting', 'open'])
  leave()
})

test('where nothing proves that it goes on, the one is left before the other begins, and readers are told', () => {
  const { technique, time, news, leave } = read({ resumes: false })
  const old = technique.latest
  old.open({ cursor: null })
  old.message('one')
  time.advance(54_000)
  technique.latest.open({ cursor: null })
  expect(old.closed).toBe(true)
  technique.latest.open({ cursor: null })
  expect(news()).toEqual(['connecting', 'open', 'one', 'gap'])
  leave()
})

test.each([
  ['has expired already', -1],
  ['never expires', undefined],
])('a token that %s is not renewed ahead of time', (_, expires) => {
  const { technique, time, leave } = read({
    prepare: () => (expires === undefined ? {} : { expires }),
    rotateAfter: 1e9,
  })
  technique.latest.open()
  time.advance(1e6)
  expect(technique.connections).toHaveLength(1)
  leave()
})

test.each(['waiting for the token', 'connecting', 'open beside'])('leaves nothing when left while %s', (phase) => {
  let answer = true
  const { technique, time, leave } = read({ answers: () => answer })
  technique.latest.open()
  technique.latest.message('one')
  answer = phase !== 'waiting for the token'
  time.advance(54_000)
  if (phase === 'open beside') technique.latest.open()
  expect(leave).not.toThrow()
})
