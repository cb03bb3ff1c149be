import { filter, firstValueFrom } from 'rxjs'
import { expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import {
  backoff,
  createPushClient,
  defineChannel,
  jsonMessages,
  webSocket,
  type Channel,
  type JsonMessagesOptions,
  type PushClientOptions,
  type PushEvent,
} from 'pinia-push/observables'
import { serveJson, type JsonServerOptions } from '../../servers/json-server.ts'
import { waitFor } from '../../wait-for.ts'

const technique = webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket })

export type Frame = ReturnType<typeof JSON.parse>

/** The declaration of the test server, as its user writes it. */
export const declaration: JsonMessagesOptions<Frame> = {
  subscribe: (topic, { cursor }) => ({ op: 'subscribe', topic, since: cursor && Number(cursor) }),
  subscribed: (frame) => frame.op === 'subscribed' && { topic: frame.topic, resumed: frame.resumed, cursor: frame.seq },
  unsubscribe: (topic) => ({ op: 'unsubscribe', topic }),
  message: (frame) => frame.op === 'event' && { topic: frame.topic, data: frame.data, cursor: frame.seq },
  error: (frame) =>
    frame.op === 'error' && {
      topic: frame.topic,
      key: frame.key,
      message: frame.reason,
      retry: frame.code === 503,
      unauthorized: frame.code === 401 || frame.code === 403,
    },
  ended: (frame) => frame.op === 'end' && frame.topic,
  send: (topic, data, { key }) => ({ op: 'publish', topic, data, key }),
  accepted: (frame) => frame.op === 'accepted' && frame.key,
}

export const topic = defineChannel({ topic: (name: string) => name })

/** Starts a server, and a client of it. */
export async function start(
  server: JsonServerOptions = {},
  own: Partial<JsonMessagesOptions<Frame>> = {},
  options: PushClientOptions = {},
) {
  const json = await serveJson(server)
  onTestFinished(json.close)
  const push = createPushClient({
    technique,
    baseUrl: json.url,
    backend: jsonMessages({ ...declaration, ...own }),
    retry: backoff({ initialDelay: 10, maxDelay: 50 }),
    disconnectDelay: 0,
    warnings: false,
    ...options,
  })
  onTestFinished(() => push.close())
  /** Reads a topic, and keeps what happens on it. */
  const read = (
    name: string,
    channel: Channel<unknown, unknown> = push.channel(topic(name)) as Channel<unknown, unknown>,
  ) => {
    const events: PushEvent<unknown>[] = []
    const subscription = channel.events$.subscribe((event) => events.push(event))
    return {
      channel,
      events,
      leave: () => subscription.unsubscribe(),
      data: () => events.flatMap((event) => (event.type === 'message' ? [event.data] : [])),
      gaps: () => events.flatMap((event) => (event.type === 'gap' ? [event.reason] : [])),
      status: (wanted: string) => firstValueFrom(channel.state$.pipe(filter(({ status }) => status === wanted))),
      sees: (...data: unknown[]) =>
        waitFor(() => expect(events.flatMap((event) => (event.type === 'message' ? [event.data] : []))).toEqual(data)),
    }
  }
  return { json, push, read }
}

/** How often a topic was subscribed. */
export const subscribes = (json: { frames: readonly { op: string; topic?: unknown }[] }, name: string) =>
  json.frames.filter((frame) => frame.op === 'subscribe' && frame.topic === name).length
