// @vitest-environment jsdom
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Observable } from 'rxjs'
import { expect, onTestFinished, test } from 'vitest'
import type { PushRequest, SourceEvent } from 'pinia-push/kit'
import { PushError, backoff, createPushClient, fallback, pageLifecycle, type Technique } from 'pinia-push/observables'
import { virtualTime } from 'pinia-push/testing'

const MINUTE = 60_000

/** Techniques of one channel that open, send the next messages, and break: the upper one soon, the lower one later. */
function flappingTechniques() {
  let last = 0
  const counts = { lives: 0, open: 0, most: 0, channels: new Set<unknown>() }
  const technique = (name: string, life: number, from: (cursor: number) => number): Technique => ({
    name,
    isSupported: () => true,
    connect: ({ cursor, scheduler, channel }: PushRequest) =>
      new Observable<SourceEvent>((subscriber) => {
        counts.lives += 1
        counts.open += 1
        counts.most = Math.max(counts.most, counts.open)
        counts.channels.add(channel)
        let at = from(Number(cursor?.value ?? last))
        subscriber.add(() => (counts.open -= 1))
        subscriber.next({ type: 'open', technique: name, namespace: 'standard', resumed: cursor !== undefined })
        subscriber.next({ type: 'alive', cursor: String(at) })
        const say = () => {
          last = Math.max(last, (at += 1))
          subscriber.next({ type: 'message', data: String(at), event: 'message', cursor: String(at) })
          subscriber.add(scheduler.schedule(say, 20))
        }
        subscriber.add(scheduler.schedule(say, 20))
        const die = () => subscriber.error(new PushError('connection-lost', false))
        subscriber.add(scheduler.schedule(die, life))
      }),
  })
  const same = (cursor: number) => cursor
  return {
    counts,
    techniques: [technique('upper', 50, same), technique('middle', 3_000, same), technique('lower', 20_000, same)],
  }
}

/** How many listeners stand on the page. No mock counts them, because it would remember every call. */
function countListeners() {
  let standing = 0
  for (const target of [window, document]) {
    const { addEventListener, removeEventListener } = target
    Object.assign(target, {
      addEventListener: () => (standing += 1),
      removeEventListener: () => (standing -= 1),
    })
    onTestFinished(() => void Object.assign(target, { addEventListener, removeEventListener }))
  }
  return () => standing
}

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void
const heap = () => {
  gc()
  return process.memoryUsage().heapUsed
}

test('an hour of flapping leaves memory as it was, and nothing after the last reader', () => {
  const listeners = countListeners()
  const time = virtualTime()
  const { techniques, counts } = flappingTechniques()
  const push = createPushClient({
    baseUrl: 'http://push.test/',
    technique: fallback({ upgradeProbe: { first: 2_000, max: 4_000 }, random: () => 0.5 }, ...techniques),
    retry: backoff({ initialDelay: 100, maxDelay: 500, random: () => 0.5, scheduler: time }),
    lifecycle: pageLifecycle(),
    disconnectDelay: 0,
    scheduler: time,
  })
  let received = 0
  let wrong = 0
  let open = new Set<string>()
  const reading = push.channel<number>('/a').events$.subscribe((event) => {
    if (event.type === 'open') open = open.add(event.technique)
    if (event.type === 'gap') wrong += 1
    if (event.type !== 'message') return
    received += 1
    if (event.data !== received) wrong += 1
  })

  let timers = 0
  const pass = (minutes: number) => {
    for (let second = 0; second < minutes * 60; second += 1) {
      time.advance(1_000)
      timers = Math.max(timers, time.pending)
    }
  }
  pass(10)
  const [before, most, pending] = [heap(), counts.most, timers]
  pass(50)
  const grown = heap() - before
  console.log(
    `flapping  an hour  lives ${counts.lives}  messages ${received}  connections at most ${counts.most}  timers at most ${timers}  heap grew ${Math.round(grown / 1_024)} KiB`,
  )

  expect(wrong).toBe(0)
  expect(counts.lives).toBeGreaterThan(1_000)
  expect([...open].toSorted()).toEqual(['lower', 'middle', 'upper'])
  // What ten minutes needed is what an hour needs.
  expect([counts.most, timers, counts.channels.size]).toEqual([most, pending, 1])
  expect(grown).toBeLessThan(1_048_576)

  expect(listeners()).toBeGreaterThan(0)
  reading.unsubscribe()
  expect([counts.open, time.pending, listeners()]).toEqual([0, 0, 0])
  expect(time.now()).toBe(60 * MINUTE)
})
