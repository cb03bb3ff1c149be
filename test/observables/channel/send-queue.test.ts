import { describe, expect, test } from 'vitest'
import { PushError } from 'pinia-push/observables'
import { virtualTime } from 'pinia-push/testing'
import { sendQueue, type Send } from '../../../src/observables/channel/send-queue.ts'

/** A connection that acknowledges a message when the test decides. */
function connection() {
  const taken: {
    data: unknown
    message: object
    acknowledge(reply?: unknown): void
    lose(): void
    signal: AbortSignal
  }[] = []
  const send: Send = (data, signal, message) =>
    new Promise((resolve, reject) => {
      const lose = () => reject(new PushError('not-connected', 'lost'))
      taken.push({ data, message, signal, acknowledge: resolve, lose })
    })
  return { send, taken, data: () => taken.map(({ data }) => data) }
}

function start({ limit = 64 } = {}) {
  const time = virtualTime()
  const encode = (data: unknown) => (data instanceof Promise ? (data as Promise<string>) : String(data))
  const queue = sendQueue({
    name: 'https://example.com/a',
    encode,
    maxQueuedSends: limit,
    sendTimeout: 1_000,
    scheduler: time,
  })
  const settled: string[] = []
  const texts: string[] = []
  const send = (data: unknown, name = String(data)) =>
    void queue.send(data).then(
      () => settled.push(`${name} sent`),
      (error: PushError) => {
        settled.push(`${name} ${error.code}`)
        texts.push(error.message)
      },
    )
  return { queue, time, send, settled, texts }
}

const soon = () => new Promise(setImmediate)

describe('a connection that keeps the order', () => {
  test('gets messages before earlier ones are acknowledged, up to 32', () => {
    const { queue, send } = start()
    const { send: take, data } = connection()
    queue.connected(take, true)
    for (let n = 0; n < 40; n += 1) send(n)
    expect(data()).toEqual(Array.from({ length: 32 }, (_, n) => String(n)))
  })

  test('returns unacknowledged messages to the next one, in order, each as the same message', async () => {
    const { queue, send, settled } = start()
    const first = connection()
    queue.connected(first.send, true)
    for (const data of ['a', 'b', 'c', 'd']) send(data)
    first.taken[0]?.acknowledge()
    await soon()
    for (const { lose } of first.taken.slice(1)) lose()
    await soon()
    send('e')
    const second = connection()
    queue.connected(second.send, true)
    expect(second.data()).toEqual(['b', 'c', 'd', 'e'])
    expect(second.taken.slice(0, 3).map(({ message }) => message)).toEqual(
      first.taken.slice(1).map(({ message }) => message),
    )
    for (const { acknowledge } of second.taken) acknowledge()
    await soon()
    expect(settled).toEqual(['a sent', 'b sent', 'c sent', 'd sent', 'e sent'])
  })

  test('a message that it never acknowledges rejects, alone', async () => {
    const { queue, time, send, settled } = start()
    const { send: take, taken } = connection()
    queue.connected(take, true)
    send('a')
    time.advance(500)
    send('b')
    time.advance(500)
    await soon()
    expect(settled).toEqual(['a send-aborted'])
    expect(taken.map(({ signal }) => signal.aborted)).toEqual([true, false])
    taken[1]?.acknowledge()
    await soon()
    expect(settled).toEqual(['a send-aborted', 'b sent'])
  })

  test('a message that is still being encoded keeps its turn', async () => {
    const { queue, send } = start()
    const { send: take, data } = connection()
    queue.connected(take, true)
    let encoded: (data: string) => void = () => {}
    send(new Promise<string>((resolve) => (encoded = resolve)), 'slow')
    send('b')
    expect(data()).toEqual([])
    encoded('slow')
    await soon()
    expect(data()).toEqual(['slow', 'b'])
  })

  test('closing rejects messages that were handed over or are waiting', async () => {
    const { queue, send, settled, texts } = start()
    const { send: take, taken } = connection()
    queue.connected(take, true)
    send('a')
    queue.connected(undefined)
    send('b')
    queue.discard()
    await soon()
    expect(settled).toEqual(['a send-aborted', 'b send-aborted'])
    expect(taken[0]?.signal.aborted).toBe(true)
    // What was sent may be published, so that nobody sends it again without a thought.
    expect(texts).toEqual([
      'Message not acknowledged: the channel "https://example.com/a" was left or closed. The server may have the message. Send it again only if it may come twice.',
      'Message not sent: the channel "https://example.com/a" was left or closed. Send it again if it is still needed.',
    ])
  })

  test('closing rejects a message that was returned as one that the server may have', async () => {
    const { queue, send, texts } = start()
    const { send: take, taken } = connection()
    queue.connected(take, true)
    send('a')
    taken[0]?.lose()
    await soon()
    queue.connected(undefined)
    queue.discard()
    await soon()
    expect(texts).toEqual([expect.stringContaining('The server may have the message.')])
  })
})

test('another connection gets the next message when the one before it is acknowledged', async () => {
  const { queue, send } = start()
  const { send: take, taken, data } = connection()
  queue.connected(take)
  send('a')
  send('b')
  expect(data()).toEqual(['a'])
  taken[0]?.acknowledge()
  await soon()
  expect(data()).toEqual(['a', 'b'])
})

test('a message resolves with the reply of the server, and with undefined where there is none', async () => {
  const { queue } = start()
  const { send: take, taken } = connection()
  queue.connected(take, true)
  const sent = [queue.send('a'), queue.send('b')]
  taken[0]?.acknowledge({ id: 1 })
  taken[1]?.acknowledge()
  queue.connected(() => {})
  sent.push(queue.send('c'))
  expect(await Promise.all(sent)).toEqual([{ id: 1 }, undefined, undefined])
})
