import { createQueue, type Queue } from '../channels/queue.ts'
import type { InboundAccount } from './inbound-budget.ts'
import { ENVELOPE, type Publication } from '../channels/message.ts'
import type { HubContext } from '../hub-context.ts'
import { NO_ROOM, refusalOf, type Refusal } from '../http/http-errors.ts'
import type { Permission } from './admit.ts'

/** Receives the outcome of a message: a refusal, or undefined if it was published. */
export type Settle = (refusal: Refusal | undefined) => void

/** A message that a client sent, who publishes it, and to which channel. */
export interface Inbound {
  readonly publication: Publication
  readonly permission: Permission
  readonly settle: Settle
}

export interface InboundQueueOptions extends Pick<HubContext, 'admission' | 'publish' | 'report' | 'maxBufferedBytes'> {
  /** Stops reading from the connection, and starts again. */
  pause?: (() => void) | undefined
  resume?: (() => void) | undefined
  /** Counts messages that wait, with those of all clients. */
  account: InboundAccount
  /** Whether messages that wait behind a refused one are dropped. @default false */
  dropsAfterRefusal?: boolean
}

const TOO_MANY_WAIT: Refusal = {
  status: 429,
  message: 'Message not published: too many messages wait for authorization. Send fewer at once.',
  headers: { 'Retry-After': 1 },
}

/** Returns a function that publishes what a client sends over its connection: one message at a time, in order. */
export function createInboundQueue({
  admission,
  publish,
  report,
  pause = () => {},
  resume = () => {},
  maxBufferedBytes,
  account,
  dropsAfterRefusal = false,
}: InboundQueueOptions): (inbound: Inbound) => void {
  // Undefined: no decision is pending. The queue's first message waits for the pending one. Reading is paused meanwhile,
  // but many small messages may have arrived in one packet.
  let waiting: Queue<Inbound> | undefined
  let size = 0
  let isDropped = false

  const publishNow = ({ publication, permission }: Inbound): Refusal | undefined => {
    try {
      publish(permission.intent.channel, publication)
      return undefined
    } catch (error) {
      return refusalOf(error, report)
    }
  }
  const enqueue = (inbound: Inbound, queue: Queue<Inbound>) => {
    const { publication, settle } = inbound
    const added = sizeOf(publication)
    if (queue.length > 0 && size + added > maxBufferedBytes) return settle(TOO_MANY_WAIT)
    if (!account.hold(added)) return settle(NO_ROOM)
    size += added
    const { body } = publication
    // A copy, because a slice would keep the whole packet in memory.
    const copy = typeof body === 'string' ? body : Buffer.from(body)
    queue.push({ ...inbound, publication: { ...publication, body: copy } })
  }
  const dequeue = (): Inbound | undefined => {
    const first = waiting?.shift()
    if (!first) return undefined
    size -= sizeOf(first.publication)
    account.release(sizeOf(first.publication))
    return first
  }
  /** Continues with the decision about the first message. */
  const onDecision = (decision: Refusal | undefined): void => {
    for (let next = decision; ;) {
      const first = dequeue()
      const refusal = first && (next ?? publishNow(first))
      first?.settle(refusal)
      if (refusal && dropsAfterRefusal) while (dequeue());
      const following = waiting?.at(0)
      if (!following) {
        waiting = undefined
        return resume()
      }
      const pending = admission.permit(following.permission)
      if (pending instanceof Promise) return void pending.then(onDecision)
      next = pending
    }
  }
  account.whenDropped(() => {
    isDropped = true
    waiting = undefined
    size = 0
  })

  return (inbound) => {
    if (isDropped) return
    if (waiting) return enqueue(inbound, waiting)
    const decision = admission.permit(inbound.permission)
    if (!(decision instanceof Promise)) return inbound.settle(decision ?? publishNow(inbound))
    waiting = createQueue()
    pause()
    enqueue(inbound, waiting)
    void decision.then(onDecision)
  }
}

/**
 * Returns a function that publishes what a client sends to its one channel. It drops every message after one that was
 * refused, so that published messages have no hole.
 */
export function publishInOrder({
  permission,
  refuse,
  ...options
}: InboundQueueOptions & { permission: Permission; refuse: (refusal: Refusal) => void }): (
  publication: Publication,
) => void {
  const push = createInboundQueue({ ...options, dropsAfterRefusal: true })
  let refused = false
  const settle: Settle = (refusal) => {
    if (!refusal || refused) return
    refused = true
    refuse(refusal)
  }
  return (publication) => {
    if (!refused) push({ publication, permission, settle })
  }
}

const sizeOf = ({ body }: Publication): number => body.length + ENVELOPE
