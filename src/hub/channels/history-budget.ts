import type { Channel } from './channel.ts'

/**
 * Limits what all channels keep together. It drops the oldest messages of the channel that was published to longest ago,
 * and those of channels that only requests published to first.
 */
export interface HistoryBudget {
  /** Counts bytes that a channel keeps more, or less. */
  weigh(bytes: number): void
  /** Makes a channel the last one to lose its messages, of its kind. */
  published(name: string, channel: Channel, byApplication: boolean): void
  /** Drops messages until all fit. */
  enforce(): void
  /** Forgets a channel that keeps no messages. */
  remove(name: string): void
}

export function createHistoryBudget(maxHistoryBytes: number): HistoryBudget {
  // Channels that keep messages, in the order of their last publications.
  const requestChannels = new Map<string, Channel>()
  const applicationChannels = new Map<string, Channel>()
  let weight = 0

  const remove = (name: string) => {
    requestChannels.delete(name)
    applicationChannels.delete(name)
  }

  return {
    weigh: (bytes) => void (weight += bytes),
    published(name, channel, byApplication) {
      remove(name)
      const channels = byApplication ? applicationChannels : requestChannels
      channels.set(name, channel)
    },
    enforce() {
      for (const channels of [requestChannels, applicationChannels])
        for (const [name, channel] of channels) {
          while (weight > maxHistoryBytes && channel.retained > 0) channel.dropOldest()
          if (channel.retained === 0) channels.delete(name)
          if (weight <= maxHistoryBytes) return
        }
    },
    remove,
  }
}
