import type { BackoffOptions, FallbackOptions, HeartbeatOptions } from 'pinia-push/observables'

export type Name = 'polling' | 'longPolling' | 'xhrStream' | 'fetchStream' | 'sse' | 'webSocket'

/** The channel that the page reads, and its options. */
export interface Asked {
  channel: string
  /** The preferred one first; a single one runs without `fallback`. */
  techniques: readonly Name[]
  ladder?: Pick<FallbackOptions, 'connectTimeout' | 'minUptime' | 'maxShortSessions' | 'upgradeProbe' | 'overlapTime'>
  retry?: Pick<BackoffOptions, 'initialDelay' | 'maxDelay'>
  limits?: HeartbeatOptions
  /** Whether to use `pageLifecycle()`. */
  life?: boolean
}

/** The events of the page; times in ms since the epoch. */
export interface Read {
  began: number
  events: { at: number; said: string }[]
  /** The messages' numbers, and their arrival times. */
  numbers: number[]
  at: number[]
}
