import { WebSocket } from 'ws'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HubError, createHub, type HubOptions, type ReceivedMessage } from 'pinia-push/hub'
import { fallback, fetchStream, webSocket, type PushClientOptions, type Technique } from 'pinia-push/observables'
import { createHubClient } from './hub-client.ts'
import { waitFor } from '../../wait-for.ts'

/** Starts a hub, and a client whose WebSockets the test can cut. */
async function start(
  options: HubOptions = {},
  own: PushClientOptions = {},
  techniqueOf: (first: Technique) => Technique = (first) => first,
) {
  const sockets = new Set<WebSocket>()
  let refuses = false
  class Cuttable extends WebSocket {
    constructor(url: string, subprotocols: string[]) {
      super(refuses ? 'ws://127.0.0.1:9' : url, subprotocols)
      sockets.add(this)
      this.on('error', () => {})
    }
  }
  const hub = createHub(options)
  const { url, close } = await hub.listen()
  onTestFinished(close)
  const client = createHubClient({
    technique: techniqueOf(webSocket({ implementation: Cuttable as unknown as typeof globalThis.WebSocket })),
    baseUrl: url,
    ...own,
  })
  return {
    hub,
    ...client,
    sockets,
    refuse: (value: boolean) => void (refuses = value),
    drop() {
      for (const socket of sockets) socket.terminate()
      sockets.clear()
    },
  }
}

describe('a channel that was deleted while the client was away', () => {
  test.for([
    [
      'with messages that the client did not receive, emits a gap before it closes',
      ['2', '3'],
      ['1', 'gap history-expired'],
    ],
    ['without another message, closes', [], ['1']],
  ] as const)('%s', async ([, missed, story]) => {
    const { hub, read, refuse, drop } = await start()
    const a = read('a')
    await a.status('open')
    hub.publish('a', '1')
    await waitFor(() => expect(a.story()).toEqual(['1']))
    refuse(true)
    drop()
    await a.status('reconnecting')
    for (const data of missed) hub.publish('a', data)
    hub.delete('a')
    refuse(false)
    await a.status('closed')
    expect(a.story()).toEqual(story)
  })
})

test('messages that are larger together than the WebSocket buffers are published once and in order, also after a loss', async () => {
  const { hub, read, refuse, drop } = await start({ authorize: () => true }, { sendTimeout: 60_000 })
  const a = read('a')
  await a.status('open')
  refuse(true)
  drop()
  await a.status('reconnecting')
  const body = 'x'.repeat(200_000)
  const sent = Array.from({ length: 30 }, (_, n) => a.channel.send(`${n} ${body}`))
  refuse(false)
  await Promise.all(sent)
  await waitFor(() => expect(a.story()).toHaveLength(30))
  expect(a.story().map((text) => Number.parseInt(text, 10))).toEqual(Array.from({ length: 30 }, (_, n) => n))
  expect(hub.state('a')?.subscribers).toBe(1)
})

test('a topic that is left while the buffer is full is left at the hub too', async () => {
  const { hub, read } = await start({}, { sendTimeout: 60_000 })
  const [a, b] = [read('a'), read('b')]
  await Promise.all([a.status('open'), b.status('open')])
  const sent = Array.from({ length: 10 }, () => a.channel.send('x'.repeat(1_000_000)))
  b.leave()
  await Promise.all(sent)
  await waitFor(() => expect(hub.state('b')).toBeUndefined())
})

describe('a message that is sent while the hub restarts', () => {
  test('is published, or rejects', async () => {
    const first = createHub()
    const { port, close } = await first.listen()
    let closes = close
    onTestFinished(() => closes())
    const { read } = createHubClient({
      technique: webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket }),
      baseUrl: `http://127.0.0.1:${port}/`,
    })
    const { channel, status } = read('a')
    await status('open')
    const outcomes: Promise<string>[] = []
    for (let n = 0; n < 40; n += 1)
      outcomes.push(
        channel.send(String(n)).then(
          () => `${n} published`,
          () => `${n} rejected`,
        ),
      )
    await close()
    const before = first.state('a')?.messages ?? 0
    const second = createHub()
    closes = (await second.listen({ port })).close
    const settled = await Promise.all(outcomes)
    const after = second.state('a')?.messages ?? 0
    const resolved = settled.filter((each) => each.endsWith('published')).length
    expect(resolved).toBeLessThanOrEqual(before + after)
    expect(before + after).toBeLessThanOrEqual(40)
  })
})

describe('an `authorize` that hangs', () => {
  test('rejects a message after `sendTimeout`, and a later message is published', async () => {
    let hangs = true
    const { read, hub } = await start(
      {
        authorize: ({ action }) => (action === 'publish' && hangs ? new Promise<boolean>(() => {}) : true),
        log: () => {},
      },
      { sendTimeout: 100 },
    )
    const a = read('a')
    await a.status('open')
    await expect(a.channel.send('1')).rejects.toMatchObject({ code: 'send-aborted' })
    hangs = false
    expect(hub.state('a')?.messages).toBe(0)
  })
})

test('fifty topics fall back from a WebSocket that is cut to a stream, with nothing lost or repeated', async () => {
  const { hub, read, refuse, drop } = await start({}, {}, (first) => fallback(first, fetchStream()))
  const topics = Array.from({ length: 50 }, (_, n) => read(`t${n}`))
  await Promise.all(topics.map(({ status }) => status('open')))
  for (let n = 0; n < 100; n += 1) {
    for (let at = 0; at < topics.length; at += 1) hub.publish(`t${at}`, String(n))
    if (n === 50) {
      refuse(true)
      drop()
    }
    await new Promise(setImmediate)
  }
  const all = Array.from({ length: 100 }, (_, n) => String(n))
  for (const each of topics) await waitFor(() => expect(each.story()).toEqual(all))
  const { state } = topics[0]?.channel ?? {}
  expect(state).toMatchObject({ status: 'open', technique: 'fetchStream' })
})

test('a topic that is left and read again, while the hub deletes its channel, is read', async () => {
  const { hub, read, sockets } = await start()
  const [keeper, a] = [read('keeper'), read('a')]
  await Promise.all([keeper.status('open'), a.status('open')])
  hub.publish('a', '1')
  await waitFor(() => expect(a.story()).toEqual(['1']))
  const [socket] = sockets
  // The hub sends the end before it reads that the topic was left.
  socket?.pause()
  hub.delete('a')
  await new Promise((resolve) => setTimeout(resolve, 20))
  a.leave()
  const again = read('a')
  socket?.resume()
  await again.status('open')
  await waitFor(() => expect(hub.state('a')?.subscribers).toBe(1))
  hub.publish('a', '2')
  await waitFor(() => expect(again.story().at(-1)).toBe('2'))
  keeper.leave()
})

describe('the reply of the hub', () => {
  test('resolves `send`, with WebSocket and by POST, and a rejection of `receive` rejects it', async () => {
    const receive = ({ data }: ReceivedMessage) => {
      if (data === 'no') throw new HubError('rejected', 'Sold out.', { status: 409 })
      return data === 'nothing' ? undefined : { got: data }
    }
    for (const technique of [undefined, fetchStream()]) {
      const { read } = await start({ receive }, technique && { technique })
      const { channel, status } = read('a')
      await status('open')
      expect(await Promise.all(['1', '2', 'nothing'].map((data) => channel.send(data)))).toEqual([
        { got: '1' },
        { got: '2' },
        undefined,
      ])
      await expect(channel.send('no')).rejects.toMatchObject({ code: 'send-rejected', status: 409 })
    }
  })

  test('is that of the first attempt, if the connection is lost before it arrives', async () => {
    const finish: ((reply: unknown) => void)[] = []
    const { hub, read, drop } = await start({ receive: () => new Promise((resolve) => finish.push(resolve)) })
    const a = read('a')
    await a.status('open')
    const sent = a.channel.send('x')
    await waitFor(() => expect(finish).toHaveLength(1))
    drop()
    await a.status('reconnecting')
    await a.status('open')
    finish[0]?.({ id: 7 })
    expect(await sent).toEqual({ id: 7 })
    expect([finish.length, hub.state('a')?.messages]).toEqual([1, 1])
  })
})
