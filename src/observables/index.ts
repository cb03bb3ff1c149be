export { createPushClient, type PushClient, type PushClientOptions } from './client/client.ts'
export type { Prepare, Prepared } from './client/prepare-request.ts'
export type { Bookmark, Channel } from './channel/channel.ts'
export {
  defineChannel,
  type AnyDescriptor,
  type ChannelDefinition,
  type ChannelDescriptor,
  type ChannelOptions,
  type Nameless,
  type Received,
  type Sent,
} from './channel/define-channel.ts'
export type { Cursor, Place } from './connection/cursor.ts'
export { PushError, type PushErrorCode } from './errors.ts'
export { ROTATE } from './events.ts'
export type { HeldConnections } from './http/connection-limit.ts'
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
} from './events.ts'
export { pageLife, type PageLifeOptions } from './lifecycle/page-lifecycle.ts'
export type { PageSignals } from './lifecycle/page-signals.ts'
export type { PushStatus } from './status.ts'
export { IDLE, connectionState, type ConnectionState } from './channel/connection-state.ts'
export type { Pace, PushRequest, Technique, Watch } from './techniques/technique.ts'
export { durableStreams, type DurableStreamsOptions } from './backends/durable-streams/durable-streams.ts'
export { mercure, type MercureOptions } from './backends/mercure.ts'
export { nchan, type NchanOptions } from './backends/nchan/nchan.ts'
export { plain, type PlainHeartbeat, type PlainOptions } from './backends/standard.ts'
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
  type LineContent,
  type LinesDialect,
  type Ping,
  type PollDialect,
  type RefusedLine,
  type ServerSentEvent,
  type StreamDialect,
  type Target,
  type WebSocketDialect,
} from './backends/backend.ts'
export type { CloseTable, StatusTable, Verdict } from './backends/verdict.ts'
export { backoff, type BackoffOptions, type RetryPolicy } from './connection/backoff.ts'
export { fallback, type FallbackOptions } from './fallback/fallback.ts'
export type { RungStorage } from './fallback/technique-memory.ts'
export type { LivenessOptions } from './connection/heartbeat-monitor.ts'
export type { Proof, ProofOptions, Prove } from './connection/verify-resume.ts'
export { pausable } from './channel/pausable.ts'
export {
  reconnect,
  type LinkEvent,
  type ReconnectOptions,
  type Supervised,
  type Supervisor,
} from './connection/reconnect.ts'
export * from './techniques/index.ts'
