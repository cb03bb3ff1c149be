import type { Bench } from './index.ts'
import type { ChannelOrders } from './processes/channels.ts'
import { start } from './processes/start.ts'
import { table, whole } from './table.ts'

const CHANNELS = 10_000
/** The channels that the messages of one side go to. */
const FEW = 10
/** The least share of the rate on a connection with few channels. */
const MIN_RATIO = 0.8

/**
 * Measures what a message costs on one connection with 10,000 channels: if all messages go to ten of them, and if they go
 * to all. Hub and client share one process.
 */
export const channels: Bench = async () => {
  const { call, stop } = await start<ChannelOrders>('channels')
  const print = table([
    'channels on the connection',
    'messages/s to ten of them',
    'to all',
    'opened in, ms',
    'left in, ms',
  ])
  const rates: number[] = []
  for (const count of [FEW, CHANNELS]) {
    const { few, all, opening, leaving } = await call.measure(count, FEW)
    print([whole(count), ...[few, all, opening, leaving].map(whole)])
    rates.push(few)
  }
  stop()
  const [few = 0, many = 0] = rates
  const ratio = many / few
  console.log(`\n${ratio.toFixed(2)} of the rate with ten${ratio < MIN_RATIO ? ` **under ${MIN_RATIO}**` : ''}`)
  return ratio >= MIN_RATIO
}
