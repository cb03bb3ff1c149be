import { BehaviorSubject, NEVER, Subject } from 'rxjs'
import { expect, onTestFinished, test } from 'vitest'
import { pageLifecycle } from 'pinia-push/observables'
import { topicPauses, type HiddenLimit } from '../../../src/observables/session/topic-pauses.ts'
import { virtualTime } from '../../../src/testing/virtual-time.ts'

/** The pauses of topics in a page, and what the connection is emitted of them. */
function inPage() {
  const time = virtualTime()
  const hidden$ = new BehaviorSubject(false)
  const signals = { hidden$, left$: NEVER, offline$: NEVER, thawed$: NEVER }
  const lifecycle = pageLifecycle({ signals, hiddenTimeout: 300_000 })
  const asked: HiddenLimit[] = []
  const pauses = topicPauses()
  const emitted: string[] = []
  const connect = () => {
    const { pause$ = NEVER } = pauses.signals((limit) => {
      asked.push(limit)
      return lifecycle({ url: 'http://push.test/', disconnectWhenHidden: limit, scheduler: time })
    })
    const subscription = pause$.subscribe((reasons) => {
      if (emitted.at(-1) !== reasons.join()) emitted.push(reasons.join())
    })
    onTestFinished(() => subscription.unsubscribe())
    return subscription
  }
  return { time, hidden$, pauses, emitted, asked, connect }
}

test('the connection pauses when the last of its topics may', () => {
  const { time, hidden$, pauses, emitted, connect } = inPage()
  for (const limit of [1_000, undefined, 60_000]) pauses.add(limit)
  connect()
  hidden$.next(true)
  time.advance(299_999)
  expect(emitted).toEqual([''])
  time.advance(1)
  expect(emitted).toEqual(['', 'hidden'])
  hidden$.next(false)
  expect(emitted).toEqual(['', 'hidden', ''])
})

test('a topic that joins or leaves does not restart the wait of the others', () => {
  const { time, hidden$, pauses, emitted, connect } = inPage()
  pauses.add(60_000)
  connect()
  hidden$.next(true)
  time.advance(50_000)
  const leave = pauses.add(1_000)
  time.advance(5_000)
  leave()
  time.advance(4_999)
  expect(emitted).toEqual([''])
  time.advance(1)
  expect(emitted).toEqual(['', 'hidden'])
})

test('the lifecycle is called once for each limit, however many topics have it, and all timers end with the connection', () => {
  const { time, hidden$, pauses, asked, connect } = inPage()
  for (let n = 0; n < 1_000; n++) pauses.add(n % 2 ? 60_000 : undefined)
  const connection = connect()
  expect(asked).toHaveLength(3)
  hidden$.next(true)
  connection.unsubscribe()
  expect(time.pending).toBe(0)
})

test('a lifecycle that fails for one limit fails the connection', () => {
  const pauses = topicPauses()
  const errors: unknown[] = []
  const own$ = new Subject<readonly string[]>()
  const { pause$ = NEVER } = pauses.signals((limit) => {
    if (limit === 1) throw new Error('of the application')
    return { pause$: own$ }
  })
  pauses.add(undefined)
  pause$.subscribe({ error: (error: Error) => errors.push(error.message) })
  pauses.add(1)
  expect(errors).toEqual(['of the application'])
})
