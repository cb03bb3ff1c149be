import { flashSocket } from 'pinia-push/flash-socket'
import {
  createPushClient,
  defineChannel,
  hub,
  nchan,
  webSocket,
  type Channel,
  type Technique,
} from 'pinia-push/observables'
import { unknown } from 'valibot'
import type { OnMessage } from '../bare/bare.ts'
import { frame } from '../bare/frame.ts'

/** Reads a channel and sends to it. */
interface Line {
  send(message: unknown): void
  leave(): void
}

const numbers = defineChannel<ReturnType<typeof unknown>, { n: number }, { url: string }>({
  url: ({ url }) => url,
  sendSchema: unknown(),
})
const topics = defineChannel<ReturnType<typeof unknown>, { n: number }, { topic: string }>({
  topic: ({ topic }) => topic,
  sendSchema: unknown(),
})

const options = { disconnectDelay: 0, connectTimeout: 60_000, maxQueuedSends: 10_000 }

/** A channel with a connection of its own. */
const channelBy = (technique: Technique) => (url: string) =>
  createPushClient({ ...options, technique, backend: nchan() }).channel(numbers({ url }))

/** The same channel as a topic of a connection that topics share. */
const topicBy = (technique: Technique) => (url: string) =>
  createPushClient({ ...options, technique, backend: hub(), baseUrl: location.origin }).channel(
    topics({ topic: url.slice(url.lastIndexOf('/') + 1) }),
  )

const ours =
  (open: (url: string) => Channel<{ n: number }, unknown>) =>
  (url: string, onMessage: OnMessage, opened: () => void): Line => {
    const channel = open(url)
    const reading = channel.events$.subscribe((event) => {
      if (event.type === 'message') onMessage(event.data, event.cursor)
      else if (event.type === 'open') opened()
    })
    return { send: (message) => void channel.send(message), leave: () => reading.unsubscribe() }
  }

/** Reads by the bare API, with the parsing that is needed. */
const bare = (url: string, onMessage: OnMessage, open: () => void): Line => {
  const socket = new WebSocket(url.replace('http', 'ws'), 'ws+meta.nchan')
  socket.onopen = open
  socket.onmessage = ({ data }: MessageEvent<string>) => frame(data, onMessage)
  return { send: (message) => socket.send(JSON.stringify(message)), leave: () => socket.close() }
}

const SIDES = {
  bare,
  webSocket: ours(channelBy(webSocket())),
  topic: ours(topicBy(webSocket())),
  flashSocket: ours(channelBy(flashSocket())),
}
export type Side = keyof typeof SIDES

const absolute = (path: string) => new URL(path, location.href).href

/** Resolves with the time to open, in ms. */
const opening = (side: Side, path: string): Promise<number> =>
  new Promise((resolve) => {
    const began = performance.now()
    const line = SIDES[side](
      absolute(path),
      () => {},
      () => {
        resolve(performance.now() - began)
        queueMicrotask(() => line.leave())
      },
    )
  })

/** Reads and checks the numbered messages of a channel, and resolves with the time from the first to the last, in ms. */
const burst = (side: Side, path: string, count: number): Promise<number> =>
  new Promise((resolve, reject) => {
    let next = 0
    let began = 0
    const onMessage: OnMessage = (data, cursor) => {
      if ((data as { n: number }).n !== next || !cursor) reject(new Error(`${side}: ${next} is missing`))
      if (next === 0) began = performance.now()
      if ((next += 1) < count) return
      resolve(performance.now() - began)
      queueMicrotask(() => line.leave())
    }
    const line = SIDES[side](absolute(path), onMessage, () => {})
  })

/** Sends a number and waits for its echo, `times` times. Resolves with each time, in ms. */
const echoes = (side: Side, path: string, times: number): Promise<number[]> =>
  new Promise((resolve) => {
    const took: number[] = []
    let began = 0
    const ask = () => {
      began = performance.now()
      line.send({ n: took.length })
    }
    const onMessage: OnMessage = () => {
      took.push(performance.now() - began)
      if (took.length < times) return void setTimeout(ask)
      resolve(took)
      queueMicrotask(() => line.leave())
    }
    // The first number is sent when the connection is open.
    const line = SIDES[side](absolute(path), onMessage, () => setTimeout(ask))
  })

/** Sends `count` numbers at once, and resolves with the time until all echoes arrived, in ms. */
const flood = (side: Side, path: string, count: number): Promise<number> =>
  new Promise((resolve) => {
    let back = 0
    let began = 0
    const onMessage: OnMessage = () => {
      if ((back += 1) < count) return
      resolve(performance.now() - began)
      queueMicrotask(() => line.leave())
    }
    const line = SIDES[side](absolute(path), onMessage, () =>
      setTimeout(() => {
        began = performance.now()
        for (let n = 0; n < count; n += 1) line.send({ n })
      }),
    )
  })

Object.assign(globalThis, { opening, burst, echoes, flood })
