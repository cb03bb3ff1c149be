import { BehaviorSubject, Observable, Subject, Subscription, filter, type SchedulerLike, type Subscriber } from 'rxjs'
import type { Channel } from './channel.ts'
import { nowhere, type Place } from './cursor.ts'
import { deliveryQueue } from './delivery-queue.ts'
import type { Definition } from './define-channel.ts'
import { PushError } from './errors.ts'
import type { PushEvent, SourceMessage, SourceOpen } from './event.ts'
import type { LinkEvent } from './operators/reconnect.ts'
import { outbox, type Handover } from './outbox.ts'
import { reason, shown } from './in-words.ts'
import { STATUS_AFTER, type PushStatus } from './status.ts'
import { DEV } from './dev.ts'

export interface ChannelWorks {
  url: string
  definition: Definition
  /** The dialect's order of cursors. */
  compare: ((a: string, b: string) => number) | undefined
  /** In ms. */
  linger: number
  /** How many messages may wait to be sent. */
  sendBuffer: number
  /** The supervised connection. */
  link: (place: Place, retryNow$: Observable<void>) => Observable<LinkEvent>
  /** Sends by HTTP; undefined where the dialect cannot. */
  post: Handover | undefined
  scheduler: SchedulerLike
  /** The channel went from idle to read, or back. */
  active: (active: boolean) => void
}

type StatusEvent = Exclude<PushEvent<never>, { type: 'message' | 'invalid' | 'gap' }>

export function createChannel({
  url,
  definition: { decode, encode, sequence, replay },
  compare,
  linger,
  sendBuffer,
  link,
  post,
  scheduler,
  active,
}: ChannelWorks): Channel<unknown, unknown> {
  // Replaced whole on every change, so that a delivery walks the readers it began with.
  let readers: readonly Subscriber<PushEvent<unknown>>[] = []
  let latest: StatusEvent = { type: 'idle' }
  let place = nowhere()
  // Undefined while idle; an ended one while the channel is closed or failed.
  let connection: Subscription | undefined
  let lingering = Subscription.EMPTY
  let announced: Extract<StatusEvent, { type: 'open' }> | undefined
  let lastCursor: string | undefined
  const status = new BehaviorSubject<PushStatus>('idle')
  const retry = new Subject<void>()
  const letters = outbox(sendBuffer)
  const past = replay?.()
  const numbers = sequence?.()

  const say = deliveryQueue((event: PushEvent<unknown>) => {
    const present = readers
    if (event.type === 'message' || event.type === 'gap') past?.add(event)
    else if (event.type !== 'invalid') latest = event
    const after = STATUS_AFTER[event.type]
    if (after !== status.value) status.next(after)
    for (const reader of present) reader.next(event)
  })

  const message = ({ data: raw, event, cursor }: SourceMessage) => {
    const before = lastCursor
    lastCursor = cursor
    let data: unknown
    try {
      data = decode(raw)
      const earlier = before !== undefined && cursor !== undefined && (compare?.(cursor, before) ?? 1) <= 0
      const succession = numbers?.follow(data, earlier)
      if (succession === 'repeat') return
      if (succession === 'gap') say({ type: 'gap', reason: 'sequence' })
    } catch (cause) {
      const error = invalid(cause)
      if (error.code === 'async-schema') return end({ type: 'failed', error })
      return say({ type: 'invalid', error, raw, cursor })
    }
    say({ type: 'message', data, event, cursor })
  }

  const open = (event: SourceOpen) => {
    letters.connected(event.send ?? post)
    numbers?.interrupted(false)
    const { type, technique, presumed = false } = event
    // A connection that was made anew unseen, to rotate it, is no news.
    if (announced?.technique === technique && announced.presumed === presumed) return
    announced = { type, technique, presumed }
    say(announced)
  }

  const linked = (event: LinkEvent) => {
    if (event.type === 'message') return message(event)
    if (event.type === 'open') return open(event)
    if (event.type === 'closed' || event.type === 'failed') return end(event)
    if (event.type === 'gap') numbers?.interrupted(true)
    else {
      announced = undefined
      letters.connected(undefined)
    }
    say(event)
  }

  const connect = () => {
    const next = (connection = new Subscription())
    next.add(link(place, retry).subscribe(linked))
  }

  const disconnect = (becomes: PushStatus) => {
    connection?.unsubscribe()
    announced = undefined
    letters.discard(new PushError('send-lost', DEV && `${shown(url)} is ${becomes}: the message was not handed over`))
  }

  const end = (event: Extract<StatusEvent, { type: 'closed' | 'failed' }>) => {
    disconnect(event.type)
    // An ended channel that begins anew is another one; all it shares with the old is that something may be missing.
    if (event.type === 'closed' && event.by === 'server') place.value = undefined
    say(event)
  }

  const leave = (reader: Subscriber<PushEvent<unknown>>) => {
    readers = readers.filter((other) => other !== reader)
    if (readers.length > 0) return
    const idle = () => {
      disconnect('idle')
      connection = undefined
      place = nowhere()
      lastCursor = undefined
      numbers?.interrupted(true)
      past?.clear()
      say({ type: 'idle' })
      active(false)
    }
    // What is closed or failed is not kept for the next reader, who wants to try.
    if (linger === 0 || connection?.closed) idle()
    else lingering = scheduler.schedule(idle, linger)
  }

  const events$ = new Observable<PushEvent<unknown>>((reader) => {
    lingering.unsubscribe()
    if (connection) {
      reader.next(latest)
      for (const event of past?.events() ?? []) reader.next(event)
    }
    reader.add(() => leave(reader))
    readers = [...readers, reader]
    if (connection) return
    active(true)
    connect()
  })

  return {
    url,
    events$,
    messages$: events$.pipe(filter((event) => event.type === 'message')),
    status$: status.asObservable(),
    get status() {
      return status.value
    },
    send(data) {
      if (!encode) return rejected('cannot-send', DEV && `${shown(url)}: the channel's definition names no \`sends\``)
      if (!connection || connection.closed) {
        return rejected('not-connected', DEV && `${shown(url)} is ${status.value}: subscribe first, or open()`)
      }
      try {
        return letters.send(encode(data))
      } catch (error) {
        return Promise.reject(invalid(error))
      }
    },
    open() {
      if (connection?.closed && readers.length > 0) connect()
      else retry.next()
    },
    close() {
      if (connection && !connection.closed) end({ type: 'closed', by: 'client' })
    },
    isAfter: (cursor, other) => compare && compare(cursor, other) > 0,
    retryNow: () => retry.next(),
  }
}

const invalid = (cause: unknown): PushError =>
  cause instanceof PushError ? cause : new PushError('invalid-message', DEV && reason(cause), { cause })

const rejected = (...error: ConstructorParameters<typeof PushError>) => Promise.reject(new PushError(...error))
