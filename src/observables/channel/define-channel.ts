import type { StandardSchemaV1 } from '@standard-schema/spec'
import { checkNumbers } from '../internal/check-options.ts'
import { decoder, encoder, type Decoding, type Encoding } from './codec.ts'
import type { Payload } from '../events.ts'
import { recordOptions } from '../internal/equal-options.ts'
import type { RetryPolicy } from '../connection/backoff.ts'
import { replayBuffer, type ReplayBuffer } from './replay-buffer.ts'
import { sequenceWatch, type SequenceWatch } from './sequence-check.ts'
import type { Technique } from '../techniques/technique.ts'

/** What a definition says beside how it decodes. */
export interface ChannelOptions<P> {
  /** Absolute, or relative to the client's `baseUrl`; a function of the channel's parameters where it has any. */
  url: string | ((params: P) => string)
  /** How to connect. @default the client's */
  technique?: Technique
  /** When to try again. @default the client's */
  retry?: RetryPolicy
  /** How many past messages a late reader gets. @default 0 */
  replay?: number
  /** How long the connection outlives its last reader, in ms. @default the client's */
  disconnectDelay?: number
  /** How long it stays connected in a hidden page, in ms; `false`: always. For `pageLifecycle`. @default its `hiddenTimeout` */
  disconnectWhenHidden?: number | false
}

/** What a client needs to know of a channel beside its URL: functions, so that only what is used is bundled. */
export interface Definition {
  readonly technique?: Technique | undefined
  readonly retry?: RetryPolicy | undefined
  readonly disconnectDelay?: number | undefined
  readonly disconnectWhenHidden?: number | false | undefined
  /** Throws what makes a payload invalid. */
  readonly decode: (raw: Payload) => unknown
  /** Throws, or rejects with, what makes a message invalid. */
  readonly encode: (data: unknown) => Payload | Promise<Payload>
  /** Begins to watch the numbers that messages carry. */
  readonly sequence?: (() => SequenceWatch) | undefined
  /** Begins to keep past messages for late readers. */
  readonly replay?: (() => ReplayBuffer) | undefined
}

/** Pure data: what to read, not a connection. `T` is received, `S` can be sent. */
export interface ChannelDescriptor<T, S = never> {
  readonly url: string
  /** Channels are shared by URL, and definitions that are alike. */
  readonly definition: Definition
  /** Carries `T` for inference; never there. */
  readonly T?: T
  /** Carries `S` for inference; never there. */
  readonly S?: (message: S) => void
}

/** A descriptor of any channel. */
export type AnyDescriptor = ChannelDescriptor<unknown, never>

/** The data of a source's messages; `T` where it is a bare URL. */
export type Received<V, T> = [V] extends [Nameless] ? T : V extends ChannelDescriptor<infer R, never> ? R : never

/** What can be sent on a source's channel; anything where it is a bare URL. */
export type Sent<V> = [V] extends [Nameless]
  ? unknown
  : (V extends ChannelDescriptor<unknown, infer S> ? (message: S) => void : never) extends (message: infer S) => void
    ? S
    : never

/** What names no definition. */
export type Nameless = string | null | undefined

export type ChannelDefinition<P, T, S> = (...params: [P] extends [void] ? [] : [params: P]) => ChannelDescriptor<T, S>

/** `sequence` tells holes by a number that the messages carry, each the last plus one. */
interface Numbered<T> {
  sequence?: (data: T) => number
}

/** What may be sent, by a schema; `encode` gets what the schema returns. */
interface SendsSchema<W extends StandardSchemaV1> {
  sendSchema: W
  encode?: (data: StandardSchemaV1.InferOutput<W>) => string | ArrayBuffer | ArrayBufferView | Blob
}

/** What may be sent, without a schema: what `encode` takes, or what the type parameter says. */
interface Sends<S> {
  sendSchema?: never
  /** Turns data into text or bytes. @default JSON, and bytes as they are */
  encode?: (data: S) => string | ArrayBuffer | ArrayBufferView | Blob
}

/**
 * Says what a channel is: its URL, what its messages look like and what may be sent. It connects nothing; a client
 * opens what it describes, and readers of one definition and URL share one connection. Definitions of the same options
 * are one; functions among these are the same only where they are one function, so define a channel once, outside of
 * components. Development warns where two definitions read one URL.
 *
 * Messages are JSON unless `decode` says otherwise. A `schema` is any synchronous Standard Schema; what it refuses is
 * an `invalid` event. `binary: true` hands over bytes.
 *
 * What is sent is JSON too, or bytes as they are, unless `encode` says otherwise: `encode: String` sends the text `ping`
 * as it is, where JSON would send `"ping"`. `sendSchema` is a schema for it.
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
  return (params: never): ChannelDescriptor<unknown, unknown> => ({
    url: typeof url === 'function' ? url(params) : url,
    definition,
  })
}

interface AnyOptions extends ChannelOptions<never>, Decoding, Encoding {
  sequence?: (data: never) => number
}
