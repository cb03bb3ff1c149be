import type { Admission } from './connections/admit.ts'
import type { StartFrom } from './channels/channel.ts'
import type { Incoming } from './connections/incoming.ts'
import type { Message, Publication } from './channels/message.ts'
import type { Outgoing } from './connections/outgoing.ts'
import type { Registry } from './channels/channel-registry.ts'
import type { Report } from './report.ts'
import type { Ws } from './connections/socket-server.ts'
import type { StallWatch } from './connections/stall-watch.ts'
import type { Streams } from './connections/connection-set.ts'

/** What a hub answers from. */
export interface Serving {
  path: string
  /** In ms. */
  heartbeat: number
  startFrom: StartFrom
  maxMessageBytes: number
  maxBufferedBytes: number
  now: () => number
  admission: Admission
  registry: Registry
  /** @throws HubError for what cannot be published, and `closed` */
  publish: (channel: string, publication: Publication) => { message: Message; subscribers: number }
  streams: Streams
  stalls: StallWatch
  incoming: Incoming
  outgoing: Outgoing
  report: Report
  /** Rejects with `missing-package` where it is not installed. */
  ws: Promise<Ws>
}
