import { fifo, type Fifo } from '../channels/deque.ts'
import type { Reception } from './incoming.ts'
import { ENVELOPE, type Publication } from '../channels/message.ts'
import type { Publisher } from './publisher.ts'
import { NO_ROOM, type Refusal } from '../http/http-errors.ts'

export interface TakingOptions {
  publisher: Publisher
  refuse: (refusal: Refusal) => void
  /** Reads no more for now, and again. */
  pause: () => void
  resume: () => void
  /** What may wait for a decision, in bytes. */
  maxBufferedBytes: number
  /** Counts what waits, with that of all clients. */
  reception: Reception
}

const TOO_MUCH: Refusal = {
  status: 429,
  line: 'too many messages wait to be authorized: send fewer at once',
  headers: { 'Retry-After': 1 },
}

/**
 * Takes what a client sends over its connection: one at a time, in order. Nothing is taken after what was refused,
 * because it would leave a hole in what the client sent.
 */
export function taking({
  publisher: { permit, publish },
  refuse,
  pause,
  resume,
  maxBufferedBytes,
  reception,
}: TakingOptions): (publication: Publication) => void {
  // The first one is being decided. Reading stops meanwhile, but many small ones may have come at once with it.
  let waiting: Fifo<Publication> | undefined
  let weight = 0
  let refused = false

  const settle = (refusal: Refusal | undefined) => {
    if (!refusal || refused) return
    refused = true
    refuse(refusal)
  }
  const keep = (publication: Publication, queue: Fifo<Publication>) => {
    const size = weightOf(publication)
    if (queue.length > 0 && weight + size > maxBufferedBytes) return settle(TOO_MUCH)
    if (!reception.hold(size)) return settle(NO_ROOM)
    weight += size
    const { body } = publication
    // A copy, because the bytes that come with it would be kept as well.
    queue.push({ ...publication, body: typeof body === 'string' ? body : Buffer.from(body) })
  }
  const takeFirst = (): Publication | undefined => {
    const first = waiting?.at(0)
    if (!first) return undefined
    waiting?.shift()
    weight -= weightOf(first)
    reception.release(weightOf(first))
    return first
  }
  /** Goes on with the decision about the first one. */
  const decide = (decision: Refusal | undefined): void => {
    for (let next = decision; ;) {
      const first = takeFirst()
      const refusal = first && (next ?? publish(first))
      settle(refusal)
      if (refusal) drop()
      if (!waiting?.length) {
        waiting = undefined
        return resume()
      }
      const permission = permit()
      if (permission instanceof Promise) return void permission.then(decide)
      next = permission
    }
  }
  const drop = () => {
    while (takeFirst());
  }
  reception.whenGivenUp(() => {
    refused = true
    waiting = undefined
    weight = 0
  })

  return (publication) => {
    if (refused) return
    if (waiting) return keep(publication, waiting)
    const permission = permit()
    if (!(permission instanceof Promise)) return settle(permission ?? publish(publication))
    waiting = fifo()
    pause()
    keep(publication, waiting)
    void permission.then(decide)
  }
}

const weightOf = ({ body }: Publication): number => body.length + ENVELOPE
