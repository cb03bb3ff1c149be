import { createQueue, type Queue } from '../channels/queue.ts'
import type { InboundAccount } from './inbound-budget.ts'
import { ENVELOPE, type Publication } from '../channels/message.ts'
import type { HubContext } from '../hub-context.ts'
import { NO_ROOM, refusalOf, type Refusal } from '../http/http-errors.ts'
import type { Permission } from './admit.ts'

export interface InboundQueueOptions extends Pick<HubContext, 'admission' | 'publish' | 'report' | 'maxBufferedBytes'> {
  /** Who publishes, and to which channel. */
  permission: Permission
  refuse: (refusal: Refusal) => void
  /** Stops reading from the connection, and starts again. */
  pause: () => void
  resume: () => void
  /** Counts messages that wait, with those of all clients. */
  account: InboundAccount
}

const TOO_MANY_WAIT: Refusal = {
  status: 429,
  message: 'Message not published: too many messages wait for authorization. Send fewer at once.',
  headers: { 'Retry-After': 1 },
}

/**
 * Returns a function that publishes what a client sends over its connection: one message at a time, in order. It drops
 * every message after one that was refused, so that published messages have no hole.
 */
export function createInboundQueue({
  admission,
  publish,
  report,
  permission,
  refuse,
  pause,
  resume,
  maxBufferedBytes,
  account,
}: InboundQueueOptions): (publication: Publication) => void {
  // Undefined: no decision is pending. The queue's first message waits for the pending one. Reading is paused meanwhile,
  // but many small messages may have arrived in one packet.
  let waiting: Queue<Publication> | undefined
  let size = 0
  let refused = false

  const settle = (refusal: Refusal | undefined) => {
    if (!refusal || refused) return
    refused = true
    refuse(refusal)
  }
  const publishNow = (publication: Publication): Refusal | undefined => {
    try {
      publish(permission.intent.channel, publication)
      return undefined
    } catch (error) {
      return refusalOf(error, report)
    }
  }
  const enqueue = (publication: Publication, queue: Queue<Publication>) => {
    const added = sizeOf(publication)
    if (queue.length > 0 && size + added > maxBufferedBytes) return settle(TOO_MANY_WAIT)
    if (!account.hold(added)) return settle(NO_ROOM)
    size += added
    const { body } = publication
    // A copy, because a slice would keep the whole packet in memory.
    queue.push({ ...publication, body: typeof body === 'string' ? body : Buffer.from(body) })
  }
  const dequeue = (): Publication | undefined => {
    const first = waiting?.shift()
    if (!first) return undefined
    size -= sizeOf(first)
    account.release(sizeOf(first))
    return first
  }
  /** Continues with the decision about the first message. */
  const onDecision = (decision: Refusal | undefined): void => {
    for (let next = decision; ;) {
      const first = dequeue()
      const refusal = first && (next ?? publishNow(first))
      settle(refusal)
      if (refusal) while (dequeue());
      if (!waiting?.length) {
        waiting = undefined
        return resume()
      }
      const pending = admission.permit(permission)
      if (pending instanceof Promise) return void pending.then(onDecision)
      next = pending
    }
  }
  account.whenDropped(() => {
    refused = true
    waiting = undefined
    size = 0
  })

  return (publication) => {
    if (refused) return
    if (waiting) return enqueue(publication, waiting)
    const decision = admission.permit(permission)
    if (!(decision instanceof Promise)) return settle(decision ?? publishNow(publication))
    waiting = createQueue()
    pause()
    enqueue(publication, waiting)
    void decision.then(onDecision)
  }
}

const sizeOf = ({ body }: Publication): number => body.length + ENVELOPE
