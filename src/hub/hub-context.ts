import type { Admission } from './connections/admit.ts'
import type { StartFrom } from './channels/channel.ts'
import type { InboundBudget } from './connections/inbound-budget.ts'
import type { PublishMessage } from './connections/publish.ts'
import type { OutboundBudget } from './connections/outbound-budget.ts'
import type { Registry } from './channels/channel-registry.ts'
import type { Report } from './report.ts'
import type { IdentifyClient } from './security/identify-client.ts'
import type { Ws } from './connections/socket-server.ts'
import type { StallWatch } from './connections/stall-watch.ts'
import type { Publishers } from './sessions/publishers.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { ConnectionSet } from './connections/connection-set.ts'

/** The options and the parts of one hub that its handlers share. */
export interface HubContext {
  path: string
  /** In ms. */
  heartbeat: number
  startFrom: StartFrom
  maxMessageBytes: number
  maxBufferedBytes: number
  /** Returns the time, in ms since the epoch. */
  now: () => number
  identify: IdentifyClient
  admission: Admission
  registry: Registry
  publish: PublishMessage
  connections: ConnectionSet
  stalls: StallWatch
  /** Returns over which time clients should spread their return if this hub is lost, in ms. */
  spread: () => number
  sessions: Sessions
  publishers: Publishers
  inbound: InboundBudget
  outbound: OutboundBudget
  report: Report
  /** Rejects with `missing-package` if it is not installed. */
  ws: Promise<Ws>
}
