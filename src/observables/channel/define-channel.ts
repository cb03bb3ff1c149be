import type { StandardSchemaV1 } from '@standard-schema/spec'
import { checkNumbers, checkOption } from '../internal/check-options.ts'
import { decoder, encoder, type Decoding, type Encoding } from './codec.ts'
import type { Payload } from '../events.ts'
import { recordOptions } from '../internal/equal-options.ts'
import type { RetryPolicy } from '../connection/backoff.ts'
import { replayBuffer, type ReplayBuffer } from './replay-buffer.ts'
import { sequenceWatch, type SequenceWatch } from './sequence-check.ts'
import type { Technique } from '../techniques/technique.ts'

/** The options of a channel, except for decoding and sending. */
export type ChannelOptions<P> = ConnectionOptions & (UrlOption<P> | TopicOption<P>)

/** A channel with a connection of its own. */
interface UrlOption<P> {
  /** The URL, absolute or relative to the client's `baseUrl`. For a channel with parameters, a function that returns it. */
  url: string | ((params: P) => string)
  topic?: never
}

/** A channel that shares one connection with the client's other topics: for backends such as `jsonMessages()`. */
interface TopicOption<P> {
  /** The topic's name at the server. For a channel with parameters, a function that returns it. */
  topic: string | ((params: P) => string)
  url?: never
}

interface ConnectionOptions {
  /** The technique. @default the client's */
  technique?: Technique
  /** Decides when to retry. @default the client's */
  retry?: RetryPolicy
  /** The number of past messages that a late reader receives. @default 0 */
  replay?: number
  /** How long the channel stays connected without readers, in ms. @default the client's */
  disconnectDelay?: number
  /**
   * How long the channel stays connected in a hidden page, in ms, or `false` for always. The connection of topics is
   * closed when this time has passed for all of them, so that the longest one counts.
   * @default `hiddenTimeout` of `pageLifecycle`
   */
  disconnectWhenHidden?: number | false
}

/** The options of a channel as functions, so that a bundle contains only those that are used. */
export interface Definition {
  readonly technique?: Technique | undefined
  readonly retry?: RetryPolicy | undefined
  readonly disconnectDelay?: number | undefined
  readonly disconnectWhenHidden?: number | false | undefined
  /** Decodes a payload. Throws for an invalid one. */
  readonly decode: (raw: Payload) => unknown
  /** Encodes a message. Throws for an invalid one, or rejects. */
  readonly encode: (data: unknown) => Payload | Promise<Payload>
  /** Starts to check the sequence numbers of messages. */
  readonly sequence?: (() => SequenceWatch) | undefined
  /** Starts to keep past messages for late readers. */
  readonly replay?: (() => ReplayBuffer) | undefined
}

/** Describes a channel; it is data, not a connection. `T` is the received type, `S` the sent type. */
export interface ChannelDescriptor<T, S = never> {
  readonly url: string
  /** Channels with the same URL and an equal definition are shared. */
  readonly definition: Definition
  /** For type inference only; never set. */
  readonly T?: T
  /** For type inference only; never set. */
  readonly S?: (message: S) => void
}

/** A descriptor of any channel. */
export type AnyDescriptor = ChannelDescriptor<unknown, never>

/** The data type of a source's messages; `T` for a URL. */
export type Received<V, T> = [V] extends [Nameless] ? T : V extends ChannelDescriptor<infer R, never> ? R : never

/** The type that a source's channel can send; `unknown` for a URL. */
export type Sent<V> = [V] extends [Nameless]
  ? unknown
  : (V extends ChannelDescriptor<unknown, infer S> ? (message: S) => void : never) extends (message: infer S) => void
    ? S
    : never

/** A source without a definition. */
export type Nameless = string | null | undefined

export type ChannelDefinition<P, T, S> = (...params: [P] extends [void] ? [] : [params: P]) => ChannelDescriptor<T, S>

/** The option `sequence` returns a message's number, each the previous one plus one. A hole in them is a `gap`. */
interface Numbered<T> {
  sequence?: (data: T) => number
}

/** Validates sent data. `encode` receives the schema's output. */
interface SendsSchema<W extends StandardSchemaV1> {
  sendSchema: W
  encode?: (data: StandardSchemaV1.InferOutput<W>) => string | ArrayBuffer | ArrayBufferView | Blob
}

/** Types sent data without a schema: by the parameter of `encode`, or by the type parameter. */
interface Sends<S> {
  sendSchema?: never
  /** Encodes data as text or bytes. @default JSON, and bytes unchanged */
  encode?: (data: S) => string | ArrayBuffer | ArrayBufferView | Blob
}

/**
 * Defines a channel: its URL, the type of its messages, and the messages that it can send. It does not connect. Readers
 * of the same definition and URL share one connection. Definitions with equal options are the same, if each function
 * among them is the same function. Define a channel once, outside of components. Development warns if two definitions
 * read one URL.
 *
 * Messages are parsed as JSON by default. `decode` parses them in another way, and `binary: true` delivers bytes.
 * `schema` is any synchronous Standard Schema; a message that it rejects is an `invalid` event.
 *
 * Sent data is JSON by default, and bytes are sent unchanged. `encode` replaces this: `encode: String` sends `ping`,
 * where JSON sends `"ping"`. `sendSchema` validates sent data.
 *
 * @see https://standardschema.dev
 * @example
 * export const ticks = defineChannel({
 *   url: (p: { symbol: string }) => `/push/ticks/${encodeURIComponent(p.symbol)}`,
 *   schema: Tick,
 *   sequence: (tick) => tick.number,
 * })
 * push.channel(ticks({ symbol: 'ACME' })).messages$.subscribe(({ data }) => console.log(data.price))
 */
export function defineChannel<R extends StandardSchemaV1, W extends StandardSchemaV1, P = void>(
  options: ChannelOptions<P> & Numbered<StandardSchemaV1.InferOutput<R>> & { schema: R } & SendsSchema<W>,
): ChannelDefinition<P, StandardSchemaV1.InferOutput<R>, StandardSchemaV1.InferInput<W>>
export function defineChannel<R extends StandardSchemaV1, P = void, S = unknown>(
  options: ChannelOptions<P> & Numbered<StandardSchemaV1.InferOutput<R>> & { schema: R } & Sends<S>,
): ChannelDefinition<P, StandardSchemaV1.InferOutput<R>, S>
export function defineChannel<W extends StandardSchemaV1, T = Uint8Array, P = void>(
  options: ChannelOptions<P> & Numbered<T> & { binary: true; decode?: (raw: Uint8Array) => T } & SendsSchema<W>,
): ChannelDefinition<P, T, StandardSchemaV1.InferInput<W>>
export function defineChannel<T = Uint8Array, P = void, S = unknown>(
  options: ChannelOptions<P> & Numbered<T> & { binary: true; decode?: (raw: Uint8Array) => T } & Sends<S>,
): ChannelDefinition<P, T, S>
export function defineChannel<W extends StandardSchemaV1, T = unknown, P = void>(
  options: ChannelOptions<P> & Numbered<T> & { decode?: (raw: string) => T } & SendsSchema<W>,
): ChannelDefinition<P, T, StandardSchemaV1.InferInput<W>>
export function defineChannel<T = unknown, P = void, S = unknown>(
  options: ChannelOptions<P> & Numbered<T> & { decode?: (raw: string) => T } & Sends<S>,
): ChannelDefinition<P, T, S>
export function defineChannel({
  url,
  topic,
  technique,
  retry,
  disconnectDelay,
  disconnectWhenHidden,
  replay = 0,
  sequence,
  sendSchema,
  encode,
  ...decoding
}: AnyOptions): unknown {
  checkNumbers('defineChannel', {
    replay,
    disconnectDelay,
    ...(disconnectWhenHidden !== false && { disconnectWhenHidden }),
  })
  const definition: Definition = {
    technique,
    retry,
    disconnectDelay,
    disconnectWhenHidden,
    decode: decoder(decoding),
    encode: encoder({ sendSchema, encode }),
    sequence: sequence && recordOptions(sequenceWatch, [sequence], () => sequenceWatch(sequence)),
    replay: replay > 0 ? recordOptions(replayBuffer, [replay], () => replayBuffer(replay)) : undefined,
  }
  if (process.env.NODE_ENV !== 'production')
    checkOption(
      (url === undefined) !== (topic === undefined),
      `Invalid channel: it has ${url === undefined ? 'neither `url` nor `topic`' : 'both `url` and `topic`'}. Give one of them.`,
    )
  const named = (name: AnyOptions['url'], params: never) => (typeof name === 'function' ? name(params) : (name ?? ''))
  return (params: never): ChannelDescriptor<unknown, unknown> => ({
    url: topic === undefined ? named(url, params) : topicUrl(named(topic, params)),
    definition,
  })
}

/** Returns the URL of a topic: a fragment of the client's `baseUrl`. */
export const topicUrl = (topic: string): string => `#${encodeURIComponent(topic)}`

/** Returns the topic of a URL. Undefined: it is not the URL of a topic. */
export const topicOf = (url: string): string | undefined =>
  url.startsWith('#') ? decodeURIComponent(url.slice(1)) : undefined

type AnyOptions = ConnectionOptions &
  Decoding &
  Encoding & {
    url?: string | ((params: never) => string)
    topic?: string | ((params: never) => string)
    sequence?: (data: never) => number
  }
