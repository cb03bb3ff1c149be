import { BehaviorSubject, NEVER } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  createPushClient,
  defineChannel,
  pageLifecycle,
  type Channel,
  type PageLifecycleOptions,
} from 'pinia-push/observables'
import { serveHub } from './serve-hub.ts'
import { waitFor } from '../wait-for.ts'

const topic = defineChannel<number, string>({ topic: (name) => name })
const always = defineChannel<number, string>({ topic: (name) => name, disconnectWhenHidden: false })
const atOnce = defineChannel<number, string>({ topic: (name) => name, disconnectWhenHidden: 0 })

/** Starts a client in a page whose visibility a test controls. */
async function inPage(options: PageLifecycleOptions = {}) {
  const served = await serveHub()
  const hidden$ = new BehaviorSubject(false)
  const left$ = new BehaviorSubject(false)
  const signals = { hidden$, left$, offline$: new BehaviorSubject(false), thawed$: NEVER }
  const push = createPushClient({ ...served.client, lifecycle: pageLifecycle({ signals, ...options }) })
  onTestFinished(() => push.close())
  const read = async (channel: Channel<number, never>) => {
    const news: unknown[] = []
    const subscription = channel.events$.subscribe((event) => {
      if (event.type === 'message') news.push(event.data)
      else if (event.type === 'gap') news.push(event.reason)
      else if (event.type === 'idle') news.push(`idle ${event.pausedBy?.join()}`)
    })
    return {
      channel,
      news,
      leave: () => subscription.unsubscribe(),
      is: (status: string) => waitFor(() => expect(channel.status).toBe(status)),
      gets: (...expected: unknown[]) => waitFor(() => expect(news).toEqual(expected)),
    }
  }
  const closed = () => waitFor(() => expect(served.proxy.stats.open).toBe(0))
  return { ...served, push, hidden$, left$, read, closed }
}

describe('the connection of topics in a hidden page', () => {
  test('is closed after `hiddenTimeout`, and every topic resumes when the page is visible', async () => {
    const { push, read, hidden$, publish, closed, proxy } = await inPage({ hiddenTimeout: 10 })
    const [a, b] = [await read(push.channel(topic('a'))), await read(push.channel(topic('b')))]
    await Promise.all([a.is('open'), b.is('open')])
    publish('a', 1)
    await a.gets(1)
    hidden$.next(true)
    await closed()
    publish('a', 2)
    publish('b', 1)
    hidden$.next(false)
    await a.gets(1, 'idle hidden', 2)
    await b.gets('idle hidden', 1)
    expect(proxy.stats.connections).toBe(2)
  })

  test('stays open as long as one of its topics does, and is closed when that is left', async () => {
    const { push, read, hidden$, publish, closed } = await inPage({ hiddenTimeout: 0 })
    const [a, kept] = [await read(push.channel(topic('a'))), await read(push.channel(always('b')))]
    await Promise.all([a.is('open'), kept.is('open')])
    hidden$.next(true)
    publish('a', 1)
    publish('b', 1)
    await Promise.all([a.gets(1), kept.gets(1)])
    kept.leave()
    await closed()
    expect(a.news).toEqual([1, 'idle hidden'])
  })

  test('is closed before `hiddenTimeout` if the `disconnectWhenHidden` of all topics is shorter', async () => {
    const { push, read, hidden$, closed } = await inPage()
    const [a, b] = [await read(push.channel(atOnce('a'))), await read(push.channel(atOnce('b')))]
    await Promise.all([a.is('open'), b.is('open')])
    hidden$.next(true)
    await closed()
    expect([a.news, b.news]).toEqual([['idle hidden'], ['idle hidden']])
  })

  test('is opened again by a topic that stays connected', async () => {
    const { push, read, hidden$, publish, closed } = await inPage({ hiddenTimeout: 0 })
    const a = await read(push.channel(topic('a')))
    await a.is('open')
    hidden$.next(true)
    await closed()
    const kept = await read(push.channel(always('b')))
    await Promise.all([a.is('open'), kept.is('open')])
    publish('a', 1)
    await a.gets('idle hidden', 1)
    expect(kept.news).toEqual([])
  })

  test('is closed at once for every other reason, whatever `disconnectWhenHidden` its topics have', async () => {
    const { push, read, left$, closed } = await inPage()
    const kept = await read(push.channel(always('a')))
    await kept.is('open')
    left$.next(true)
    await closed()
    expect(kept.news).toEqual(['idle bfcache'])
  })
})
