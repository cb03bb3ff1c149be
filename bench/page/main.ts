import {
  createPushClient,
  fetchStream,
  hub,
  iframeStream,
  nchan,
  sse,
  webSocket,
  xhrStream,
  type Technique,
} from 'pinia-push/observables'
import type { Bare, OnMessage } from '../bare/bare.ts'
import { eventSource as bareEventSource } from '../bare/event-source.ts'
import { fetchStream as bareFetchStream } from '../bare/fetch-stream.ts'
import { iframeStream as bareIframeStream } from '../bare/iframe-stream.ts'
import { sse as bareSse } from '../bare/sse.ts'
import { webSocket as bareWebSocket } from '../bare/web-socket.ts'
import { xhrStream as bareXhrStream } from '../bare/xhr-stream.ts'

/** Reads a channel of the hub by a connection of its own. */
const ours =
  (technique: () => Technique): Bare =>
  (url, onMessage) => {
    const push = createPushClient({ technique: technique(), backend: nchan(), disconnectDelay: 0 })
    const reading = push.channel(url).messages$.subscribe(({ data, cursor }) => onMessage(data, cursor))
    return () => reading.unsubscribe()
  }

/** Reads the same as a topic of a shared connection, whose frames have many messages. */
const shared: Bare = (url, onMessage) => {
  const push = createPushClient({ technique: webSocket(), backend: hub(), disconnectDelay: 0 })
  const topic = new URL(url).pathname.replace('/push/', '')
  const reading = push.channel(topic).messages$.subscribe(({ data, cursor }) => onMessage(data, cursor))
  return () => reading.unsubscribe()
}

const PAIRS = {
  iframeStream: [ours(iframeStream), bareIframeStream],
  xhrStream: [ours(xhrStream), bareXhrStream],
  fetchStream: [ours(fetchStream), bareFetchStream],
  sse: [ours(sse), bareSse],
  eventSource: [ours(() => sse({ native: true })), bareEventSource],
  webSocket: [ours(webSocket), bareWebSocket],
  batch: [shared, ours(webSocket)],
} satisfies Record<string, [Bare, Bare]>
export type Pair = keyof typeof PAIRS
export type Side = 'ours' | 'bare'

/** Reads and checks the numbered messages of a channel, and resolves with the time from the first to the last, in ms. */
function measure(pair: Pair, side: Side, url: string, count: number): Promise<number> {
  const read = PAIRS[pair][side === 'ours' ? 0 : 1]
  return new Promise((resolve, reject) => {
    let next = 0
    let began = 0
    const onMessage: OnMessage = (data, cursor) => {
      if ((data as { n: number }).n !== next || !cursor) reject(new Error(`${pair}, ${side}: ${next} is missing`))
      if (next === 0) began = performance.now()
      if ((next += 1) === count) {
        const took = performance.now() - began
        queueMicrotask(() => leave())
        resolve(took)
      }
    }
    const leave = read(new URL(url, location.href).href, onMessage)
  })
}

/** Reads a channel while the page is open, and stores only counts. */
function receive(pair: Pair, url: string): void {
  const received = { messages: 0, characters: 0, outOfOrder: 0 }
  Object.assign(globalThis, { received })
  PAIRS[pair][0](new URL(url, location.href).href, (data) => {
    const { n, text } = data as { n: number; text: string }
    if (n !== received.messages) received.outOfOrder += 1
    received.messages += 1
    received.characters += text.length
  })
}

Object.assign(globalThis, { measure, receive })
