// The parts for a technique, a backend or a lifecycle of your own. The built-in ones use nothing else.

// A technique is a function from a request to a cold Observable of events.
export type { PollRate, PushRequest, Technique, Watch } from './techniques/technique.ts'
export {
  ALIVE,
  RECYCLE,
  type GapReason,
  type LinkEvent,
  type Payload,
  type RecentMessages,
  type Repetition,
  type SourceAlive,
  type SourceEvent,
  type SourceRetry,
  type SourceMessage,
  type SourceOpen,
} from './events.ts'
export { selectPart } from './backends/select-part.ts'
export { standardFrame, standardLines, standardWebSocket } from './backends/standard/frames.ts'
export { standardPoll } from './backends/standard/poll.ts'
export { standardEventStream, standardStream } from './backends/standard/streams.ts'
export { fetchText, type FetchTextOptions } from './techniques/fetch-text.ts'
export { streamRequest, type StreamRequest, type StreamRequestOptions } from './techniques/stream-request.ts'
export type { PollResult, PollState } from './techniques/one-poll.ts'
export { pollLoop, type PollLoopOptions } from './techniques/poll-loop.ts'
export { readEventStream, readEvents, readTextStream } from './techniques/text-stream-reader.ts'
export { withToken, type CarriedToken } from './http/with-token.ts'
export { withConnectionSlot, type ConnectionLimit } from './http/connection-limit.ts'
export { rejectedResponse, unexpectedResponse } from './http/http-error.ts'
export { readBody, type BodyReader } from './http/read-body.ts'
export { request, type HttpRequest } from './http/request.ts'

// A backend describes one kind of server: where requests and responses have cursors, and what responses mean.
export {
  END,
  type Backend,
  type BackendParts,
  type BackendRequest,
  type Emit,
  type EventStreamBackend,
  type FrameBackend,
  type LineContent,
  type LinesBackend,
  type Ping,
  type PollBackend,
  type PostTarget,
  type RefusedLine,
  type ResponseHead,
  type ResponseReader,
  type ServerSentEvent,
  type StreamBackend,
  type Target,
  type WebSocketBackend,
} from './backends/backend.ts'
export {
  EVENT_STREAM_END,
  STANDARD_CLOSES,
  STANDARD_STATUSES,
  closeVerdict,
  statusVerdict,
  type CloseTable,
  type StatusTable,
  type Verdict,
} from './backends/verdict.ts'
export { emitTo } from './backends/emit-to.ts'
export { readFrame, unreadable } from './backends/unreadable-message.ts'
export type { Continuity } from './connection/verify-continuity.ts'
export { post } from './http/post.ts'
export { withQuery } from './http/query.ts'
export { bodyCollector } from './parsers/body-collector.ts'
export { decodeBase64, encodeBase64 } from './parsers/base64.ts'
export { eventStream, type EventStreamReader } from './parsers/event-stream.ts'
export { jsonArray, type JsonArrayReader } from './parsers/json-array.ts'
export { lines } from './parsers/lines.ts'
export { multipart, type MultipartReader, type Part } from './parsers/multipart.ts'
export { mediaType } from '../wire/media-type.ts'

// A lifecycle decides when a channel pauses, and when it reconnects at once; `reconnect` keeps it connected.
export { reconnect, type ReconnectOptions } from './connection/reconnect.ts'
export type { ConnectOptions, Supervision } from './connection/connect-once.ts'
export type { SuperviseOptions } from './connection/supervise.ts'
export type { Lifecycle, LifecycleSignals } from './connection/lifecycle.ts'
export type { Pace, RetryPolicy } from './connection/backoff.ts'
export type { Cursor, Position } from './connection/cursor.ts'
export type { HeartbeatOptions } from './connection/heartbeat-monitor.ts'
export { IDLE, connectionState, type ConnectionState } from './channel/connection-state.ts'
export type { PushEvent, PushGap, PushMessage, PushState } from './events.ts'
export type { PushStatus } from './status.ts'

// Errors, options and time.
export {
  PushError,
  asPushError,
  fault,
  rejection,
  rejectionCode,
  type PushErrorCode,
  type PushErrorDetails,
} from './errors.ts'
export { checkNumbers } from './internal/check-options.ts'
export { DEV } from './internal/dev.ts'
export { recordOptions } from './internal/equal-options.ts'
export { errorMessage, redactUrl } from './internal/redact-url.ts'
export { after, runAfter } from './internal/time.ts'

// A backend whose server sends many topics over one connection is a conversation.
export {
  conversationBackend,
  type ConversationBackend,
  type ConversationParts,
} from './session/conversation-backend.ts'
export type {
  Conversation,
  OutgoingMessage,
  PostQuery,
  SessionCredentials,
  SessionPort,
  StartConversation,
  StartSession,
  TopicSubscription,
} from './session/conversation.ts'
export type { SessionCache, SessionCacheOptions } from './session/session-cache.ts'
export type { PostFrame } from './session/frame-poster.ts'
export type { ConversationStart, Converse } from './session/converse.ts'
export type { AskCredentials, ConnectionCredentials } from './session/token-renewal.ts'
export type { Session, SessionOptions, TopicReader } from './session/session.ts'
export type { HiddenLimit, TopicPauses } from './session/topic-pauses.ts'
export type { SharedConnection } from './internal/devtools-hook.ts'
