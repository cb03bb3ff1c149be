export { createHub, type Hub, type HubOptions } from './hub.ts'
export { HubError, type HubErrorCode } from './hub-error.ts'
export type { ChannelState, FirstMessage, HistoryLimits } from './channel.ts'
export type { ListenOptions, Listening } from './listen.ts'
