import { Observable, Subject, Subscription, filter, type SchedulerLike } from 'rxjs'
import type { Channel } from './channel.ts'
import { canResume, initialPosition, type Position } from '../connection/cursor.ts'
import { deliveryQueue } from './event-queue.ts'
import { eventLog } from './event-log.ts'
import { developmentWarnings } from './development-warnings.ts'
import type { Definition } from './define-channel.ts'
import type { PushError } from '../errors.ts'
import type { LinkEvent, PushEvent, PushState } from '../events.ts'
import { withInternals, type Reading, type ReadingStart } from './internal-channel.ts'
import { messageDecoder } from './message-decoder.ts'
import { deliver, readerSet } from './reader-set.ts'
import { unread } from './send-errors.ts'
import { sendQueue, unsupported, type Send } from './send-queue.ts'
import { notifyDevtools } from '../internal/devtools-hook.ts'
import { describeState } from './describe-state.ts'

export interface ChannelWorks {
  url: string
  /** The name of the channel in messages, in development: its topic, or its URL without secrets. */
  name: string | false
  definition: Definition
  /** The backend's order of cursors. */
  compare: ((a: string, b: string) => number | undefined) | undefined
  /** In ms. */
  disconnectDelay: number
  /** Whether a channel that has ended stays so for later readers, until `reconnect()`. @default false */
  staysEnded?: boolean
  /** How many messages may wait to be sent. */
  maxQueuedSends: number
  /** How long one may take from its turn on, in ms. */
  sendTimeout: number
  /** How long one message may be, in bytes. */
  maxMessageBytes: number
  /** The supervised connection. */
  link: (reader: {
    position: Position
    moved: (position: Position) => void
    retryNow$: Observable<void>
  }) => Observable<LinkEvent>
  /** What the technique knows of the channel's origin, in words. */
  explain: () => string | undefined
  /** Sends by HTTP; undefined if the backend cannot. */
  post: Send | undefined
  scheduler: SchedulerLike
  /** Whether development is warned of a wrong set-up. */
  warnings: boolean
  /** The channel went from idle to read, or back. */
  active: (active: boolean) => void
}

type Open = Extract<PushState, { type: 'open' }>

const isSame = (last: Open | undefined, next: Open) =>
  last?.technique === next.technique && last.unconfirmed === next.unconfirmed

/** Whether a channel without readers has ended, and stays so. */
const staysEnded = (works: ChannelWorks, connection: Subscription | undefined) =>
  works.staysEnded === true && connection?.closed === true

/** Makes a channel: one supervised connection while it has readers, decoded for all of them. */
export function createChannel(works: ChannelWorks): Channel<unknown, unknown> {
  const { url, definition, compare, disconnectDelay, link, explain, post = unsupported, scheduler, active } = works
  /** The last one that the supervisor reported, for when the channel connects again. */
  let position = initialPosition()
  /** Undefined while idle; a closed one while the channel is `closed` or `failed`. */
  let connection: Subscription | undefined
  let lastOpen: Open | undefined
  /** Where the last reader left, if it paused. */
  let pausedAt: Position | undefined
  const moved = (next: Position) => void (position = next)
  const retryNow$ = new Subject<void>()
  const log = eventLog(definition.replay?.(), scheduler)
  const outgoing = sendQueue({ ...works, ...definition })
  const warn =
    process.env.NODE_ENV !== 'production' && works.warnings ? developmentWarnings(url, works.name) : undefined

  const emit = deliveryQueue((event: PushEvent<unknown>) => {
    const { present } = readers
    log.add(event)
    if (process.env.NODE_ENV !== 'production') {
      notifyDevtools(channel, event)
      warn?.(event)
    }
    deliver(present, event)
  })

  const end = (event: Extract<PushState, { type: 'closed' | 'failed' }>) => {
    disconnect()
    emit(event)
  }
  const fail = (error: PushError) => {
    decoder.interrupted(true)
    emit({ type: 'gap', reason: 'not-resumed' })
    end({ type: 'failed', error })
  }
  const decoder = messageDecoder({ ...works, ...definition, emit, fail })

  const open = ({ type, technique, unconfirmed = false, reason }: Extract<LinkEvent, { type: 'open' }>) => {
    decoder.interrupted(false)
    const next = { type, technique, unconfirmed, reason }
    // A recycled connection is not an event for readers.
    if (isSame(lastOpen, next)) return
    lastOpen = next
    emit(next)
  }

  const handleLinkEvent = (event: LinkEvent) => {
    if (pausedAt && canResume(pausedAt)) {
      // It has no reader. The reader that resumes requests it from the server again.
      position = pausedAt
      return idle()
    }
    switch (event.type) {
      case 'message':
        return decoder.next(event)
      case 'open':
        outgoing.connected(event.send ?? post, event.sendsInOrder)
        return event.unheard ? undefined : open(event)
      case 'closed':
      case 'failed':
        return end(event)
      case 'gap':
        decoder.interrupted(true)
        return emit(event)
      default:
        lastOpen = undefined
        outgoing.connected(undefined)
        emit(event)
    }
  }

  const connect = () => {
    const next = (connection = new Subscription())
    next.add(link({ position, moved, retryNow$ }).subscribe(handleLinkEvent))
  }
  const disconnect = () => {
    connection?.unsubscribe()
    lastOpen = undefined
    outgoing.discard()
  }
  const idle = () => {
    readers.keep()
    if (staysEnded(works, connection)) return active(false)
    disconnect()
    connection = undefined
    emit({ type: 'idle' })
    active(false)
  }

  const readers = readerSet<PushEvent<unknown>>({
    // A closed or failed channel is not kept for the next reader, who wants to try.
    disconnectDelay: () => (connection?.closed ? 0 : disconnectDelay),
    scheduler,
    idle,
  })

  const read = (start?: ReadingStart): Reading<unknown> => {
    readers.keep()
    pausedAt = undefined
    const begins = !connection && start?.seen === undefined
    if (begins) {
      position = start?.position ?? initialPosition()
      decoder.reset()
      log.clear()
    }
    const kept = log.kept()
    return {
      from: log.count - kept.length,
      begins,
      join(next, life) {
        log.replay(next, kept, connection !== undefined)
        readers.add({ next, life }, () => {
          pausedAt = start && position
        })
        if (connection || life.closed) return
        active(true)
        connect()
      },
    }
  }
  const events$ = new Observable<PushEvent<unknown>>((reader) => read().join((event) => reader.next(event), reader))

  const channel: Channel<unknown, unknown> = {
    url,
    events$,
    messages$: events$.pipe(filter((event) => event.type === 'message')),
    state$: log.state.asObservable(),
    get state() {
      return log.state.value
    },
    get status() {
      return log.state.value.status
    },
    get last() {
      return log.last
    },
    get retryDue() {
      return log.retryDue
    },
    send(data) {
      return connection?.closed === false ? outgoing.send(data) : unread(works.name, log.state.value.status)
    },
    reconnect() {
      if (!connection?.closed || readers.present.length === 0) return retryNow$.next()
      active(true)
      connect()
    },
    close() {
      if (connection?.closed === false) end({ type: 'closed', by: 'client' })
    },
    explain: () => describeState(works.name, log, scheduler, explain),
  }
  return withInternals(channel, read, compare)
}
