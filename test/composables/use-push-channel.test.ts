// @vitest-environment jsdom
import { mount } from '@vue/test-utils'
import { describe, expect, onTestFinished, test } from 'vitest'
import { KeepAlive, defineComponent, effectScope, h, isReadonly, nextTick, ref, shallowRef, watch } from 'vue'
import { defineChannel, usePushChannel } from 'pinia-push'
import { createTestingClient } from 'pinia-push/testing'
import { cleanPush, mountSimple } from './mount-simple.ts'

const ticks = defineChannel<number, { symbol: string }>({ url: ({ symbol }) => `/ticks/${symbol}` })
const news = defineChannel<string>({ url: '/news' })
const anything: StandardSchema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
type StandardSchema = { '~standard': { version: 1; vendor: string; validate: (value: unknown) => { value: unknown } } }
const chat = defineChannel({ url: (p: { room: string }) => `/chat/${p.room}`, schema: anything, sendSchema: anything })

describe('a source that throws', () => {
  const user = () => shallowRef<{ id: string } | null>({ id: 'a' })
  const read = (signedIn = user()) => ({
    signedIn,
    ...mountSimple(() => usePushChannel(() => ticks({ symbol: (signedIn.value as { id: string }).id }))),
  })

  test('leaves the former channel at once, fails, and is reported', async () => {
    const { signedIn, result, technique, errors, advance } = read()
    technique.latest.open()
    // The assignment is the application's, so it does not throw.
    signedIn.value = null
    expect(technique.latest.closed).toBe(true)
    await advance()
    expect([result.status.value, result.error.value?.code]).toEqual(['failed', 'source-failed'])
    expect(errors).toEqual([expect.any(TypeError)])
  })

  test('is read again when it names a channel again', async () => {
    const { signedIn, result, technique, advance } = read()
    technique.latest.open()
    signedIn.value = null
    await advance()
    signedIn.value = { id: 'b' }
    await advance()
    expect(technique.latest.request.url).toContain('/ticks/b')
    technique.latest.open()
    expect([result.status.value, result.error.value]).toEqual(['open', undefined])
  })

  test('may be the getter of `enabled`', async () => {
    const on = shallowRef<boolean | undefined>(true)
    const enabled = () => {
      if (on.value === undefined) throw new RangeError('no value')
      return on.value
    }
    const { result, technique, errors, advance } = mountSimple(() => usePushChannel(news(), { enabled }))
    technique.latest.open()
    on.value = undefined
    expect(technique.latest.closed).toBe(true)
    await advance()
    expect([result.status.value, errors.map(String)]).toEqual(['failed', ['RangeError: no value']])
  })

  test('throws in setup() at the first call', () => {
    const signedIn = user()
    signedIn.value = null
    expect(() => read(signedIn)).toThrow(TypeError)
  })
})

describe('reading', () => {
  test('shows the last message, its data, the status and the technique', async () => {
    const { result, technique, advance } = mountSimple(() => usePushChannel(news()))
    expect(result.status.value).toBe('connecting')
    technique.latest.open()
    technique.latest.message('hello', { cursor: 'x', event: 'greeting' })
    await advance()
    expect(result.status.value).toBe('open')
    expect(result.technique.value).toBe('scripted')
    expect(result.data.value).toBe('hello')
    expect(result.message.value).toMatchObject({ cursor: 'x', event: 'greeting' })
    expect(isReadonly(result.data)).toBe(true)
  })

  test('shows the error and the time of the next attempt, until it is open again', async () => {
    const { result, technique, advance } = mountSimple(() => usePushChannel(news()))
    technique.latest.refuse(503)
    expect(result.status.value).toBe('reconnecting')
    expect(result.error.value).toMatchObject({ code: 'unavailable', status: 503 })
    expect([result.attempt.value, result.retryAt.value]).toEqual([1, 250])
    await advance(250)
    technique.latest.open()
    expect([result.error.value, result.attempt.value, result.retryAt.value]).toEqual([undefined, 0, undefined])
  })

  test('a component that joins or resumes shows the same error as its sibling', async () => {
    const { result, technique, advance } = mountSimple(() => {
      const first = usePushChannel(news())
      const late = shallowRef(false)
      const joining = usePushChannel(() => (late.value ? news() : null))
      return { first, late, joining }
    })
    const { first, late, joining } = result
    technique.latest.open()
    technique.latest.message('before')
    technique.latest.invalid()
    late.value = true
    await advance()
    const errors = () => [first.error.value?.code, joining.error.value?.code]
    expect([joining.status.value, joining.data.value]).toEqual(['open', 'before'])
    expect(errors()).toEqual(['invalid-message', 'invalid-message'])
    joining.pause()
    expect(errors()).toEqual(['invalid-message', undefined])
    joining.resume()
    expect(errors()).toEqual(['invalid-message', 'invalid-message'])
    technique.latest.message('after')
    expect(errors()).toEqual([undefined, undefined])
    late.value = false
    await advance()
    late.value = true
    await advance()
    expect(errors()).toEqual([undefined, undefined])
  })

  test('a message that cannot be decoded is an error, and the next one is read', async () => {
    const { result, technique, advance } = mountSimple(() => usePushChannel(news()))
    technique.latest.open()
    technique.latest.invalid()
    expect(result.error.value?.code).toBe('invalid-message')
    technique.latest.message('after')
    await advance()
    expect(result.data.value).toBe('after')
  })

  test('two components share one connection, which closes with the last of them', () => {
    const testing = cleanPush()
    const first = mountSimple(() => usePushChannel(news()), testing)
    const second = mountSimple(() => usePushChannel(news()), testing)
    expect(testing.technique.connections).toHaveLength(1)
    first.wrapper.unmount()
    expect(second.result.status.value).not.toBe('idle')
    second.wrapper.unmount()
    expect(testing.technique.latest.closed).toBe(true)
  })

  test('starts with the last message of a channel that others read already', async () => {
    const testing = cleanPush()
    mountSimple(() => usePushChannel(news()), testing)
    testing.technique.latest.open()
    testing.technique.latest.message('hello')
    const late = mountSimple(() => usePushChannel(news()), testing)
    expect([late.result.data.value, late.result.message.value?.data, late.result.status.value]).toEqual([
      'hello',
      'hello',
      'open',
    ])
    const received: string[] = []
    late.result.onMessage(({ data }) => received.push(data))
    testing.technique.latest.message('again')
    await testing.advance()
    expect([late.result.data.value, received]).toEqual(['again', ['again']])
  })

  test('starts a fold with `initial`, because the last message alone is not a fold', () => {
    const testing = cleanPush()
    mountSimple(() => usePushChannel(news()), testing)
    testing.technique.latest.open()
    testing.technique.latest.message('hello')
    const reducing = { initial: 0, reduce: (count: number) => count + 1 }
    const late = mountSimple(() => usePushChannel(news(), reducing), testing)
    expect(late.result.data.value).toBe(0)
    expect(late.result.message.value?.data).toBe('hello')
  })

  test('a thousand components that are mounted and unmounted leave no connection and no timer', () => {
    const testing = cleanPush()
    for (let i = 0; i < 1_000; i++) mountSimple(() => usePushChannel(news()), testing).wrapper.unmount()
    expect(testing.assertNoLeaks).not.toThrow()
  })

  test('unmounting cancels a pending write', () => {
    const { technique, wrapper, assertNoLeaks } = mountSimple(() => usePushChannel(news(), { flush: 1_000 }))
    technique.latest.open()
    technique.latest.message('late')
    wrapper.unmount()
    expect(assertNoLeaks).not.toThrow()
  })

  test('a URL is enough, with a technique of its own', () => {
    const other = createTestingClient().technique
    const { technique } = mountSimple(() => usePushChannel('/bare', { technique: other }))
    expect(technique.connections).toHaveLength(0)
    expect(other.latest.request.url).toBe('http://push.test/bare')
  })
})

describe('every message', () => {
  test('is passed to reduce() and onMessage(), also identical messages, and a burst in one task', async () => {
    const received: number[] = []
    const { result, technique, advance } = mountSimple(() => {
      const channel = usePushChannel(ticks({ symbol: 'A' }), {
        initial: [] as number[],
        reduce: (list, { data }) => [...list, data],
      })
      channel.onMessage(({ data }) => received.push(data))
      return channel
    })
    technique.latest.open()
    for (const price of [1, 1, 2, 3]) technique.latest.message(price)
    expect(received).toEqual([1, 1, 2, 3])
    expect(result.data.value).toEqual([])
    await advance()
    expect(result.data.value).toEqual([1, 1, 2, 3])
  })

  test('of a burst is written in one change', async () => {
    let writes = 0
    const { technique, advance } = mountSimple(() => {
      const { data } = usePushChannel(ticks({ symbol: 'A' }))
      watch(data, () => (writes += 1), { flush: 'sync' })
    })
    technique.latest.open()
    for (const price of [1, 2, 3]) technique.latest.message(price)
    await advance()
    expect(writes).toBe(1)
  })

  test("with `flush: 'sync'` is written at once", () => {
    const { result, technique } = mountSimple(() => usePushChannel(ticks({ symbol: 'A' }), { flush: 'sync' }))
    technique.latest.open()
    technique.latest.message(1)
    expect(result.data.value).toBe(1)
  })

  test('with a number for `flush` is written after that many ms', () => {
    const { result, technique, time } = mountSimple(() => usePushChannel(ticks({ symbol: 'A' }), { flush: 100 }))
    technique.latest.open()
    technique.latest.message(1)
    time.advance(99)
    expect(result.data.value).toBeUndefined()
    time.advance(1)
    expect(result.data.value).toBe(1)
  })

  test("with `flush: 'frame'` is written at the next frame, or after a second without one", async () => {
    const drawn = mountSimple(() => usePushChannel(ticks({ symbol: 'A' }), { flush: 'frame' }))
    drawn.technique.latest.open()
    drawn.technique.latest.message(1)
    await new Promise(requestAnimationFrame)
    expect(drawn.result.data.value).toBe(1)
    drawn.technique.latest.message(2)
    drawn.time.advance(1_000)
    expect(drawn.result.data.value).toBe(2)
  })

  test('that arrived before a change of status is written before it', () => {
    const { result, technique } = mountSimple(() => usePushChannel(ticks({ symbol: 'A' }), { flush: 1_000 }))
    technique.latest.open()
    technique.latest.message(7)
    technique.latest.drop()
    expect([result.status.value, result.data.value]).toEqual(['reconnecting', 7])
  })

  test('reaches all handlers, although one of them or reduce() throws', async () => {
    const received: string[] = []
    const { errors, technique, advance } = mountSimple(() => {
      const { onMessage } = usePushChannel(news(), {
        initial: '',
        reduce: (): string => {
          throw new Error('reduce')
        },
      })
      onMessage(() => {
        throw new Error('first')
      })
      onMessage(() => Promise.reject(new Error('second')))
      onMessage(({ data }) => received.push(data))
    })
    technique.latest.open()
    technique.latest.message('hello')
    await advance()
    expect(received).toEqual(['hello'])
    expect(errors.map(String)).toEqual(['Error: reduce', 'Error: first', 'Error: second'])
  })

  test('is not folded if reduce() returns a promise, whose rejection is reported', async () => {
    const { errors, result, technique, advance } = mountSimple(() =>
      usePushChannel(news(), { initial: 'none', reduce: (): never => Promise.reject(new Error('late')) as never }),
    )
    technique.latest.open()
    technique.latest.message('hello')
    await advance()
    expect(result.data.value).toBe('none')
    expect(errors.map(String)).toEqual([
      'TypeError: reduce() returned a promise. Return the new value itself.',
      'Error: late',
    ])
  })

  test('is not passed to a handler that was removed', () => {
    const received: string[] = []
    const { result, technique } = mountSimple(() => usePushChannel(news()))
    const off = result.onMessage(({ data }) => received.push(data))
    technique.latest.open()
    technique.latest.message('one')
    off()
    technique.latest.message('two')
    expect(received).toEqual(['one'])
  })

  test('that may be missing calls onGap()', () => {
    const gaps: string[] = []
    const { technique } = mountSimple(() => usePushChannel(news()).onGap(({ reason }) => gaps.push(reason)))
    technique.latest.open()
    technique.latest.gap('history-expired')
    expect(gaps).toEqual(['history-expired'])
  })

  test('is emitted by messages$, which completes with the scope', () => {
    const seen: string[] = []
    const { result, technique, wrapper } = mountSimple(() => usePushChannel(news()))
    result.messages$.subscribe({ next: ({ data }) => seen.push(data), complete: () => seen.push('complete') })
    technique.latest.open()
    technique.latest.message('one')
    wrapper.unmount()
    expect(seen).toEqual(['one', 'complete'])
  })
})

describe('a changing source', () => {
  test('leaves the old channel at once, starts over, and connects the new one', async () => {
    const symbol = ref('A')
    const { result, technique, advance } = mountSimple(() => usePushChannel(() => ticks({ symbol: symbol.value })))
    const old = technique.latest
    old.open()
    old.message(1)
    await advance()
    symbol.value = 'B'
    expect(old.closed).toBe(true)
    expect([result.data.value, result.message.value]).toEqual([undefined, undefined])
    await nextTick()
    expect(technique.latest.request.url).toBe('http://push.test/ticks/B')
    technique.latest.open()
    technique.latest.message(2)
    await advance()
    expect(result.data.value).toBe(2)
  })

  test('never shows a message of the old channel that was not written yet', async () => {
    const symbol = ref('A')
    const { result, technique, advance } = mountSimple(() => usePushChannel(() => ticks({ symbol: symbol.value })))
    technique.latest.open()
    technique.latest.message(1)
    symbol.value = 'B'
    await advance()
    expect(result.data.value).toBeUndefined()
  })

  test('causes one move, although several of its parts change', async () => {
    const a = ref('A')
    const b = ref('1')
    const { technique } = mountSimple(() => usePushChannel(() => ticks({ symbol: a.value + b.value })))
    a.value = 'B'
    b.value = '2'
    await nextTick()
    expect(technique.connections.map(({ request }) => request.url.split('/').pop())).toEqual(['A1', 'B2'])
  })

  test('that names the same channel again keeps the connection', async () => {
    const noise = ref(0)
    const { technique } = mountSimple(() => usePushChannel(() => ticks({ symbol: noise.value < 9 ? 'A' : 'B' })))
    noise.value = 1
    await nextTick()
    expect(technique.connections).toHaveLength(1)
  })

  test('that is null does not connect, and neither does `enabled: false`', async () => {
    const on = ref(false)
    const source = shallowRef<ReturnType<typeof news> | null>(news())
    const { result, technique } = mountSimple(() => usePushChannel(source, { enabled: on }))
    expect([technique.connections.length, result.status.value]).toEqual([0, 'idle'])
    on.value = true
    await nextTick()
    expect(technique.connections).toHaveLength(1)
    source.value = null
    expect([technique.latest.closed, result.status.value]).toEqual([true, 'idle'])
  })

  test('may be a descriptor in a deep ref, which names the same channel', () => {
    const descriptor = news()
    const { technique } = mountSimple(() => {
      usePushChannel(descriptor)
      usePushChannel(ref(descriptor))
    })
    expect(technique.connections).toHaveLength(1)
  })

  test('never sends a message to the new channel that was meant for the old one', async () => {
    const room = ref('one')
    const { result, technique } = mountSimple(() => usePushChannel(() => chat({ room: room.value })))
    const waits = result.send('for one')
    room.value = 'two'
    await expect(waits).rejects.toMatchObject({ code: 'send-aborted' })
    await nextTick()
    technique.latest.open()
    await result.send('for two')
    expect(technique.latest.sent).toEqual(['"for two"'])
  })

  test('that becomes an invalid URL fails, and a valid one is read again', async () => {
    const url = ref('/good')
    const { result, technique } = mountSimple(() => usePushChannel(url))
    url.value = 'http://['
    await nextTick()
    expect([result.status.value, result.error.value?.code]).toEqual(['failed', 'invalid-url'])
    url.value = '/better'
    await nextTick()
    technique.latest.open()
    expect([result.status.value, result.error.value]).toEqual(['open', undefined])
  })
})

describe('methods', () => {
  test('send() sends on the channel', async () => {
    const { result, technique } = mountSimple(() => usePushChannel(chat({ room: 'one' })))
    technique.latest.open()
    await result.send({ text: 'hi' })
    expect(technique.latest.sent).toEqual(['{"text":"hi"}'])
  })

  test('send() rejects when no channel is read', async () => {
    const { result } = mountSimple(() => usePushChannel<string, string>(null))
    await expect(result.send('x')).rejects.toMatchObject({ code: 'not-connected' })
  })

  test('close() closes, and reconnect() opens again', () => {
    const { result, technique } = mountSimple(() => usePushChannel(news()))
    technique.latest.open()
    result.close()
    expect([result.status.value, technique.latest.closed]).toEqual(['closed', true])
    result.reconnect()
    technique.latest.open()
    expect(result.status.value).toBe('open')
  })

  test('close() ends its own reading only: the other readers of the channel stay connected', async () => {
    const testing = cleanPush()
    const closed = mountSimple(() => usePushChannel(news()), testing)
    const other = mountSimple(() => usePushChannel(news()), testing)
    testing.technique.latest.open()
    testing.technique.latest.message('one')
    await testing.advance()
    closed.result.close()
    testing.technique.latest.message('two')
    await testing.advance()
    expect([closed.result.status.value, closed.result.data.value]).toEqual(['closed', 'one'])
    expect([other.result.status.value, other.result.data.value]).toEqual(['open', 'two'])
    await expect(closed.result.send('x' as never)).rejects.toMatchObject({ code: 'not-connected' })
    expect(testing.technique.connections).toHaveLength(1)
  })

  test('reconnect() reads again after close(), from where it was closed', async () => {
    const { result, technique, advance } = mountSimple(() => usePushChannel(news()))
    const gaps: string[] = []
    result.onGap(({ reason }) => gaps.push(reason))
    technique.latest.open()
    technique.latest.message('one', { cursor: '1' })
    result.close()
    result.reconnect()
    expect([result.status.value, technique.latest.request.cursor?.value]).toEqual(['connecting', '1'])
    technique.latest.open()
    technique.latest.message('two', { cursor: '2' })
    await advance()
    expect([result.data.value, gaps]).toEqual(['two', []])
  })

  test('the status changes once on close(), also for a reader that is paused', () => {
    const { result, technique } = mountSimple(() => usePushChannel(news()))
    const seen: string[] = []
    watch(result.status, (status) => seen.push(status), { flush: 'sync' })
    technique.latest.open()
    result.close()
    result.reconnect()
    result.pause()
    result.close()
    result.reconnect()
    result.resume()
    expect(seen).toEqual(['open', 'closed', 'idle', 'connecting', 'idle', 'closed', 'idle', 'connecting'])
  })

  test('resume() does not read again after close()', () => {
    const { result, technique } = mountSimple(() => usePushChannel(news()))
    result.close()
    result.pause()
    result.resume()
    expect([result.status.value, technique.connections.length]).toEqual(['closed', 1])
  })

  test('another source is read after close()', async () => {
    const symbol = ref('A')
    const { result, technique } = mountSimple(() => usePushChannel(() => ticks({ symbol: symbol.value })))
    result.close()
    symbol.value = 'B'
    await nextTick()
    expect([result.status.value, technique.latest.request.url]).toEqual(['connecting', 'http://push.test/ticks/B'])
  })

  test('reconnect() connects a channel again that was closed for all its readers', () => {
    const testing = cleanPush()
    const { result } = mountSimple(() => usePushChannel(news()), testing)
    testing.technique.latest.open()
    testing.push.channel(news()).close()
    expect(result.status.value).toBe('closed')
    result.reconnect()
    expect([result.status.value, testing.technique.connections.length]).toEqual(['connecting', 2])
  })

  test('first() resolves with the next message', async () => {
    const { result, technique } = mountSimple(() => usePushChannel(news()))
    technique.latest.open()
    technique.latest.message('before')
    const first = result.first()
    technique.latest.message('next')
    technique.latest.message('later')
    await expect(first).resolves.toMatchObject({ data: 'next' })
  })

  test('first() rejects when the component is unmounted first', async () => {
    const { result, wrapper } = mountSimple(() => usePushChannel(news()))
    const first = result.first()
    wrapper.unmount()
    await expect(first).rejects.toMatchObject({ code: 'not-connected' })
  })
})

describe('pausing', () => {
  const counting = { initial: [] as string[], reduce: (all: string[], { data }: { data: string }) => [...all, data] }

  test('stops this reader only; it receives the messages that it missed afterwards, once', async () => {
    const testing = cleanPush()
    const replayed = defineChannel<string>({ url: '/news', replay: 10 })
    const paused = mountSimple(() => usePushChannel(replayed(), counting), testing)
    const other = mountSimple(() => usePushChannel(replayed(), counting), testing)
    testing.technique.latest.open()
    testing.technique.latest.message('one')
    paused.result.pause()
    testing.technique.latest.message('two')
    await testing.advance()
    expect([paused.result.data.value, paused.result.status.value]).toEqual([['one'], 'idle'])
    expect(other.result.data.value).toEqual(['one', 'two'])
    paused.result.resume()
    testing.technique.latest.message('three')
    await testing.advance()
    expect(paused.result.data.value).toEqual(['one', 'two', 'three'])
  })

  test('of the only reader disconnects, and resumes from the cursor', async () => {
    const { result, technique, advance } = mountSimple(() => usePushChannel(news(), counting))
    const gaps: string[] = []
    result.onGap(({ reason }) => gaps.push(reason))
    technique.latest.open()
    technique.latest.message('one', { cursor: '1' })
    result.pause()
    expect(technique.latest.closed).toBe(true)
    result.resume()
    expect(technique.latest.request.cursor?.value).toBe('1')
    technique.latest.open()
    technique.latest.message('two', { cursor: '2' })
    await advance()
    expect([result.data.value, gaps]).toEqual([['one', 'two'], []])
  })

  test('applies to the next source, too', async () => {
    const symbol = ref('A')
    const { result, technique } = mountSimple(() => usePushChannel(() => ticks({ symbol: symbol.value })))
    result.pause()
    symbol.value = 'B'
    await nextTick()
    expect(technique.connections).toHaveLength(1)
    result.resume()
    expect(technique.latest.request.url).toBe('http://push.test/ticks/B')
  })
})

describe('a component in KeepAlive', () => {
  /** Mounts a page that shows or hides the reader. */
  function kept(options: { pauseOnDeactivated?: boolean }) {
    const testing = cleanPush()
    const Reader = defineComponent(() => {
      const { data } = usePushChannel(news(), options)
      return () => h('p', data.value)
    })
    const shown = ref(true)
    const Page = defineComponent(() => () => h(KeepAlive, null, () => (shown.value ? h(Reader) : undefined)))
    const page = mount(Page, { global: { plugins: [testing.push] } })
    onTestFinished(() => page.unmount())
    return { ...testing, page, shown }
  }

  test('keeps reading by default', async () => {
    const { technique, page, shown, advance } = kept({})
    technique.latest.open()
    shown.value = false
    await nextTick()
    technique.latest.message('meanwhile')
    shown.value = true
    await advance()
    expect(page.text()).toBe('meanwhile')
    expect(technique.connections).toHaveLength(1)
  })

  test('pauses with `pauseOnDeactivated`, and resumes from the cursor', async () => {
    const { technique, page, shown, advance } = kept({ pauseOnDeactivated: true })
    technique.latest.open()
    technique.latest.message('one', { cursor: '1' })
    shown.value = false
    await nextTick()
    expect(technique.latest.closed).toBe(true)
    shown.value = true
    await nextTick()
    expect(technique.latest.request.cursor?.value).toBe('1')
    technique.latest.open()
    technique.latest.message('two', { cursor: '2' })
    await advance()
    expect(page.text()).toBe('two')
  })

  test('that was paused by pause() stays paused when it is activated', async () => {
    const testing = cleanPush()
    let pause = () => {}
    const Reader = defineComponent(() => {
      ;({ pause } = usePushChannel(news(), { pauseOnDeactivated: true }))
      return () => h('p')
    })
    const shown = ref(true)
    const Page = defineComponent(() => () => h(KeepAlive, null, () => (shown.value ? h(Reader) : undefined)))
    const page = mount(Page, { global: { plugins: [testing.push] } })
    onTestFinished(() => page.unmount())
    pause()
    shown.value = false
    await nextTick()
    shown.value = true
    await nextTick()
    expect(testing.technique.connections).toHaveLength(1)
    expect(testing.technique.latest.closed).toBe(true)
  })
})

describe('outside the plugin or a component', () => {
  test('without the plugin the error names the missing call', () => {
    expect(() => mount({ setup: () => usePushChannel(news()), render: () => null })).toThrow(
      expect.objectContaining({
        code: 'plugin-not-installed',
        message: expect.stringContaining('app.use(createPush('),
      }),
    )
  })

  test('in an effect scope it takes a client, and ends with the scope', () => {
    const { push: client, technique, assertNoLeaks } = createTestingClient()
    const scope = effectScope()
    const reader = scope.run(() => usePushChannel(news(), { client }))
    technique.latest.open()
    expect(reader?.status.value).toBe('open')
    scope.stop()
    assertNoLeaks()
  })

  test('its result is not thenable, so that `await` does not hang', () => {
    const { result } = mountSimple(() => usePushChannel(news()))
    expect('then' in result).toBe(false)
  })
})
