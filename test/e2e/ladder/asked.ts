import type { BackoffOptions, FallbackOptions, HeartbeatOptions } from 'pinia-push/observables'

export type Rung = 'polling' | 'longPolling' | 'xhrStream' | 'fetchStream' | 'sse' | 'webSocket'

/** What a test asks the page to read, and how. */
export interface Asked {
  channel: string
  /** The highest first; one alone is no ladder. */
  rungs: readonly Rung[]
  ladder?: Pick<FallbackOptions, 'connectTimeout' | 'minUptime' | 'maxShortSessions' | 'upgradeProbe' | 'overlapTime'>
  retry?: Pick<BackoffOptions, 'initialDelay' | 'maxDelay'>
  limits?: HeartbeatOptions
  /** In step with the page's life. */
  life?: boolean
}

/** What the page saw; times in ms since the epoch. */
export interface Read {
  began: number
  events: { at: number; said: string }[]
  /** What the messages said, and when they came. */
  numbers: number[]
  at: number[]
}
