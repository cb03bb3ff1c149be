export { createPushClient, type Prepare, type Prepared, type PushClient, type PushClientOptions } from './client.ts'
export type { Bookmark, Channel } from './channel.ts'
export { defineChannel, type ChannelDefinition, type ChannelDescriptor, type ChannelOptions } from './define-channel.ts'
export type { Cursor, Place } from './cursor.ts'
export { PushError, type PushErrorCode } from './errors.ts'
export { ROTATE } from './event.ts'
export type { HeldConnections } from './held-connections.ts'
export type {
  GapReason,
  Payload,
  PushEvent,
  PushGap,
  PushMessage,
  PushState,
  SourceAlive,
  SourceEvent,
  SourceMessage,
  SourceOpen,
} from './event.ts'
export { pageLife, type PageLifeOptions } from './page-life.ts'
export type { PageSignals } from './page-signals.ts'
export { STATUS_AFTER, type PushStatus } from './status.ts'
export type { Pace, PushRequest, Technique, Watch } from './technique.ts'
export { durableStreams, type DurableStreamsOptions } from './dialects/durable-streams.ts'
export { mercure, type MercureOptions } from './dialects/mercure.ts'
export { nchan, type NchanOptions } from './dialects/nchan.ts'
export { plain, type PlainOptions } from './dialects/plain.ts'
export {
  END,
  type Address,
  type AnswerHead,
  type AnswerReader,
  type Dialect,
  type DialectParts,
  type Emit,
  type EventStreamDialect,
  type FrameDialect,
  type PollDialect,
  type ServerSentEvent,
  type StreamDialect,
  type Target,
  type WebSocketDialect,
} from './dialects/dialect.ts'
export type { CloseTable, StatusTable, Verdict } from './dialects/verdict.ts'
export { backoff, type BackoffOptions, type RetryPolicy } from './operators/backoff.ts'
export { fallback, type FallbackOptions } from './operators/fallback.ts'
export type { RungStorage } from './operators/rung-memory.ts'
export type { LivenessOptions } from './operators/liveness.ts'
export type { Proof, ProofOptions, Prove } from './operators/overlap.ts'
export { pausable } from './operators/pausable.ts'
export {
  reconnect,
  type LinkEvent,
  type ReconnectOptions,
  type Supervised,
  type Supervisor,
} from './operators/reconnect.ts'
export * from './techniques/index.ts'
