import type { StandardSchemaV1 } from '@standard-schema/spec'
import { decoder, encoder, type Decoding } from './decode.ts'
import { PushError } from './errors.ts'
import type { Payload } from './event.ts'
import type { RetryPolicy } from './operators/backoff.ts'
import { replayBuffer, type ReplayBuffer } from './replay-buffer.ts'
import { sequenceWatch, type SequenceWatch } from './sequence.ts'
import type { Technique } from './technique.ts'

/** What a definition says beside how it decodes. */
export interface ChannelOptions<P> {
  /** Absolute, or relative to the client's `base`; a function of the channel's parameters where it has any. */
  url: string | ((params: P) => string)
  /** How to connect. @default the client's */
  via?: Technique
  /** When to try again. @default the client's */
  retry?: RetryPolicy
  /** How many past messages a late reader gets. @default 0 */
  replay?: number
  /** How long the connection outlives its last reader, in ms. @default the client's */
  linger?: number
  /** How long it stays connected in a hidden page, in ms, or `keep`, under `pageLife`. @default that of pageLife */
  hidden?: number | 'keep'
}

/** What a client needs to know of a channel beside its URL: functions, so that only what is used is bundled. */
export interface Definition {
  readonly via?: Technique | undefined
  readonly retry?: RetryPolicy | undefined
  readonly linger?: number | undefined
  readonly hidden?: number | 'keep' | undefined
  /** Throws what makes a payload invalid. */
  readonly decode: (raw: Payload) => unknown
  readonly encode?: ((data: unknown) => Payload) | undefined
  /** Begins to watch the numbers that messages carry. */
  readonly sequence?: (() => SequenceWatch) | undefined
  /** Begins to keep past messages for late readers. */
  readonly replay?: (() => ReplayBuffer) | undefined
}

/** Pure data: what to read, not a connection. `T` is received, `S` can be sent. */
export interface ChannelDescriptor<T, S = never> {
  readonly url: string
  /** Channels are shared by definition and URL. */
  readonly definition: Definition
  /** Carries `T` for inference; never there. */
  readonly T?: T
  /** Carries `S` for inference; never there. */
  readonly S?: (message: S) => void
}

export type ChannelDefinition<P, T, S> = (...params: [P] extends [void] ? [] : [params: P]) => ChannelDescriptor<T, S>

/** `sequence` tells holes by a number that the messages carry, each the last plus one. */
interface Numbered<T> {
  sequence?: (data: T) => number
}

/**
 * Says what a channel is: its URL, what its messages look like and what may be sent. It connects nothing; a client
 * opens what it describes, and readers of one definition and URL share one connection.
 *
 * Messages are JSON unless `decode` says otherwise. A `schema` is any synchronous Standard Schema; what it refuses is
 * an `invalid` event. `binary: true` hands over bytes.
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
  options: ChannelOptions<P> & Numbered<StandardSchemaV1.InferOutput<R>> & { schema: R; sends: W },
): ChannelDefinition<P, StandardSchemaV1.InferOutput<R>, StandardSchemaV1.InferInput<W>>
export function defineChannel<R extends StandardSchemaV1, P = void>(
  options: ChannelOptions<P> & Numbered<StandardSchemaV1.InferOutput<R>> & { schema: R; sends?: never },
): ChannelDefinition<P, StandardSchemaV1.InferOutput<R>, never>
export function defineChannel<W extends StandardSchemaV1, T = Uint8Array, P = void>(
  options: ChannelOptions<P> & Numbered<T> & { binary: true; decode?: (raw: Uint8Array) => T; sends: W },
): ChannelDefinition<P, T, StandardSchemaV1.InferInput<W>>
export function defineChannel<T = Uint8Array, P = void>(
  options: ChannelOptions<P> & Numbered<T> & { binary: true; decode?: (raw: Uint8Array) => T; sends?: never },
): ChannelDefinition<P, T, never>
export function defineChannel<W extends StandardSchemaV1, T = unknown, P = void>(
  options: ChannelOptions<P> & Numbered<T> & { decode?: (raw: string) => T; sends: W },
): ChannelDefinition<P, T, StandardSchemaV1.InferInput<W>>
export function defineChannel<T = unknown, P = void>(
  options: ChannelOptions<P> & Numbered<T> & { decode?: (raw: string) => T; sends?: never },
): ChannelDefinition<P, T, never>
export function defineChannel({
  url,
  via,
  retry,
  linger,
  hidden,
  replay = 0,
  sequence,
  sends,
  ...decoding
}: AnyOptions): unknown {
  for (const [name, value] of Object.entries({ replay, hidden: hidden === 'keep' ? 0 : (hidden ?? 0) })) {
    if (!(value >= 0)) throw new PushError('invalid-option', `${name} is ${value}, and must be 0 or more`)
  }
  const definition: Definition = {
    via,
    retry,
    linger,
    hidden,
    decode: decoder(decoding),
    encode: sends && encoder(sends),
    sequence: sequence && (() => sequenceWatch(sequence)),
    replay: replay > 0 ? () => replayBuffer(replay) : undefined,
  }
  return (params: never): ChannelDescriptor<unknown, unknown> => ({
    url: typeof url === 'function' ? url(params) : url,
    definition,
  })
}

interface AnyOptions extends ChannelOptions<never>, Decoding {
  sends?: StandardSchemaV1
  sequence?: (data: never) => number
}
