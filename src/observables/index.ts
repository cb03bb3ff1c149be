export { createPushClient, type PushClient, type PushClientOptions } from './client/client.ts'
export type { PrepareRequest, RequestInitPatch } from './client/prepare-request.ts'
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
export type { Cursor, Position } from './connection/cursor.ts'
export { PushError, type PushErrorCode } from './errors.ts'
export { RECYCLE } from './events.ts'
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
export { pageLifecycle, type PageLifecycleOptions } from './lifecycle/page-lifecycle.ts'
export type { PageSignals } from './lifecycle/page-signals.ts'
export type { PushStatus } from './status.ts'
export { IDLE, connectionState, type ConnectionState } from './channel/connection-state.ts'
export type { Pace, PushRequest, Technique, Watch } from './techniques/technique.ts'
export { durableStreams, type DurableStreamsOptions } from './backends/durable-streams/durable-streams.ts'
export { mercure, type MercureOptions } from './backends/mercure.ts'
export { nchan, type NchanOptions } from './backends/nchan/nchan.ts'
export { standard, type StandardHeartbeat, type StandardOptions } from './backends/standard.ts'
export {
  END,
  type BackendRequest,
  type ResponseHead,
  type ResponseReader,
  type Backend,
  type BackendParts,
  type Emit,
  type EventStreamBackend,
  type FrameBackend,
  type LineContent,
  type LinesBackend,
  type Ping,
  type PollBackend,
  type RefusedLine,
  type ServerSentEvent,
  type StreamBackend,
  type Target,
  type WebSocketBackend,
} from './backends/backend.ts'
export type { CloseTable, StatusTable, Verdict } from './backends/verdict.ts'
export { backoff, type BackoffOptions, type RetryPolicy } from './connection/backoff.ts'
export { fallback, type FallbackOptions } from './fallback/fallback.ts'
export type { TechniqueStorage } from './fallback/technique-memory.ts'
export type { HeartbeatOptions } from './connection/heartbeat-monitor.ts'
export type { Proof, ProofOptions, Prove } from './connection/verify-resume.ts'
export { pausable } from './channel/pausable.ts'
export {
  reconnect,
  type LinkEvent,
  type ReconnectOptions,
  type Supervised,
  type Lifecycle,
} from './connection/reconnect.ts'
export * from './techniques/index.ts'
