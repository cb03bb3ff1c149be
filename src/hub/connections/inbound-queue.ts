import { createQueue, type Queue } from '../channels/queue.ts'
import type { InboundAccount } from './inbound-budget.ts'
import { ENVELOPE, type Publication } from '../channels/message.ts'
import type { HubContext } from '../hub-context.ts'
import { NO_ROOM, type Attempt, type Outcome, type Refusal } from '../http/http-errors.ts'
import type { Permission } from './admit.ts'

/** A message that a client sent, who publishes it, and to which channel. */
export interface Inbound {
  readonly publication: Publication
  readonly permission: Permission
  /** Tries to publish the message, unless it was tried before: then it returns that outcome. @default always */
  readonly once?: ((attempt: Attempt) => Outcome | Promise<Outcome>) | undefined
  settle(outcome: Outcome): void
}

export interface InboundQueueOptions extends Pick<HubContext, 'admission' | 'publish' | 'maxBufferedBytes'> {
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
  message: 'Message not published: too many messages wait to be published. Send fewer at once.',
  headers: { 'Retry-After': 1 },
}

/** Returns a function that publishes what a client sends over its connection: one message at a time, in order. */
export function createInboundQueue({
  admission,
  publish,
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
  // The application has the first message, so it cannot be dropped any more.
  let isReceived = false

  const publishNow = ({ publication, permission: { client, intent } }: Inbound): Outcome | Promise<Outcome> => {
    const outcome = publish(intent.channel, publication, { client, query: intent.query })
    isReceived = outcome instanceof Promise
    return outcome
  }
  // Only the queue refers to a message that waits, so that it can be dropped.
  const onPermit = (refusal: Refusal | undefined): Outcome | Promise<Outcome> => {
    const first = waiting?.at(0)
    return refusal ?? (first ? publishNow(first) : NO_ROOM)
  }
  const attempt = (inbound: Inbound): Outcome | Promise<Outcome> => {
    const decision = admission.permit(inbound.permission)
    return decision instanceof Promise ? decision.then(onPermit) : (decision ?? publishNow(inbound))
  }
  const outcomeOf = (inbound: Inbound): Outcome | Promise<Outcome> =>
    inbound.once ? inbound.once(() => attempt(inbound)) : attempt(inbound)

  const enqueue = (inbound: Inbound, queue: Queue<Inbound>) => {
    const publication = copyOf(inbound.publication)
    const added = sizeOf(publication)
    const isFirst = queue.length === 0
    if (!isFirst && size + added > maxBufferedBytes) return inbound.settle(TOO_MANY_WAIT)
    if (!account.hold(added) && !(isFirst && isReceived)) return inbound.settle(NO_ROOM)
    size += added
    queue.push({ ...inbound, publication })
  }
  const dequeue = (): Inbound | undefined => {
    const first = waiting?.shift()
    if (!first) return undefined
    size -= sizeOf(first.publication)
    account.release(sizeOf(first.publication))
    return first
  }
  /** Continues after the first message. */
  const onOutcome = (outcome: Outcome): void => {
    for (let next = outcome; ;) {
      isReceived = false
      dequeue()?.settle(next)
      if ('status' in next && dropsAfterRefusal) while (dequeue());
      const following = waiting?.at(0)
      if (!following) {
        waiting = undefined
        return resume()
      }
      const pending = outcomeOf(following)
      if (pending instanceof Promise) return void pending.then(onOutcome)
      next = pending
    }
  }
  account.whenDropped(() => {
    isDropped = true
    // The client's close is still to be read.
    if (waiting) resume()
    const first = isReceived ? waiting?.shift() : undefined
    for (let each = dequeue(); each; each = dequeue()) each.settle(NO_ROOM)
    if (first) waiting?.push(first)
    else if (!isReceived) waiting = undefined
  })

  return (inbound) => {
    if (isDropped) return inbound.settle(NO_ROOM)
    if (waiting) return enqueue(inbound, waiting)
    const outcome = outcomeOf(inbound)
    if (!(outcome instanceof Promise)) return inbound.settle(outcome)
    waiting = createQueue()
    pause()
    enqueue(inbound, waiting)
    void outcome.then(onOutcome)
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
  const settle = (outcome: Outcome) => {
    if (!('status' in outcome) || refused) return
    refused = true
    refuse(outcome)
  }
  return (publication) => {
    if (!refused) push({ publication, permission, settle })
  }
}

/** Copies a publication: a part of a packet or of a text would keep all of it in memory. */
function copyOf({ body, contentType, event }: Publication): Publication {
  const type = contentType ?? (typeof body === 'string' ? 'text/plain' : undefined)
  return { body: Buffer.from(body), contentType: type, event }
}

const sizeOf = ({ body }: Publication): number => body.length + ENVELOPE
