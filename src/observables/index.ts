export type { AuthOptions, AuthToken } from './client/auth.ts'
export { createPushClient, type PushClient } from './client/client.ts'
export type { PushClientOptions } from './client/client-options.ts'
export type { PrepareRequest, RequestInitPatch } from './client/prepare-request.ts'
export type { Channel } from './channel/channel.ts'
export type { ConnectionState } from './channel/connection-state.ts'
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
export { pausable } from './channel/pausable.ts'
export { PushError, type PushErrorCode, type PushErrorDetails } from './errors.ts'
export type { GapReason, Payload, PushEvent, PushGap, PushMessage } from './events.ts'
export type { PushStatus } from './status.ts'
export { backoff, type BackoffOptions, type Pace, type RetryPolicy } from './connection/backoff.ts'
export type { HeartbeatOptions } from './connection/heartbeat-monitor.ts'
export type { Lifecycle, LifecycleSignals } from './connection/lifecycle.ts'
export { pageLifecycle, type PageLifecycleOptions } from './lifecycle/page-lifecycle.ts'
export type { PageSignals } from './lifecycle/page-signals.ts'
export type { Backend, BackendParts } from './backends/backend.ts'
export { actionCable, type ActionCableOptions } from './backends/action-cable/action-cable.ts'
export { centrifugo } from './backends/centrifugo/centrifugo.ts'
export type { CentrifugoOptions, CentrifugoSubscription } from './backends/centrifugo/options.ts'
export { durableStreams, type DurableStreamsOptions } from './backends/durable-streams/durable-streams.ts'
export { graphqlSse, type GraphqlSseOptions } from './backends/graphql-sse.ts'
export { graphqlWs } from './backends/graphql-ws/graphql-ws.ts'
export type { GraphqlOperation, GraphqlWsOptions } from './backends/graphql-ws/options.ts'
export type { SessionCredentials } from './session/conversation.ts'
export { hub, type HubBackendOptions } from './backends/hub/hub.ts'
export { jsonMessages } from './backends/json-messages/json-messages.ts'
export type {
  JsonError,
  JsonMessage,
  JsonMessagesOptions,
  JsonSubscribed,
} from './backends/json-messages/declaration.ts'
export { mercure, type MercureOptions } from './backends/mercure.ts'
export { nchan, type NchanOptions } from './backends/nchan/nchan.ts'
export type { PhoenixJoin, PhoenixOptions } from './backends/phoenix/options.ts'
export { phoenix } from './backends/phoenix/phoenix.ts'
export type { PusherAuthorization, PusherAuthorizationRequest } from './backends/pusher/conversation.ts'
export { pusher, type PusherOptions } from './backends/pusher/pusher.ts'
export type {
  SocketIoEvent,
  SocketIoMessage,
  SocketIoOptions,
  SocketIoRejection,
} from './backends/socket-io/options.ts'
export { socketIo } from './backends/socket-io/socket-io.ts'
export type { StandardHeartbeat } from './backends/standard/heartbeat.ts'
export { standard, type StandardOptions } from './backends/standard/standard.ts'
export type { CloseTable, StatusTable, Verdict } from './backends/verdict.ts'
export type { Technique } from './techniques/technique.ts'
export * from './techniques/index.ts'
export { fallback, type FallbackOptions } from './fallback/fallback.ts'
export type { TechniqueStorage } from './fallback/technique-memory.ts'
