export type { Flush } from './flush.ts'
export {
  usePushChannel,
  type PushSource,
  type Reduction,
  type UsePushChannelOptions,
  type UsePushChannelReturn,
} from './use-push-channel.ts'
