import { BehaviorSubject, Observable, Subject, Subscription, filter, type SchedulerLike, type Subscriber } from 'rxjs'
import type { Bookmark, Channel } from './channel.ts'
import { IDLE, connectionState } from './connection-state.ts'
import { canResume, initialPosition, type Position } from '../connection/cursor.ts'
import { deliveryQueue } from './event-queue.ts'
import { developmentWarnings } from './development-warnings.ts'
import type { Definition } from './define-channel.ts'
import { PushError, asPushError } from '../errors.ts'
import type { LinkEvent, PushEvent, PushMessage, PushState, SourceMessage } from '../events.ts'
import { outbox, type Handover } from './send-queue.ts'
import { notifyDevtools } from '../internal/devtools-hook.ts'
import { describeState } from './describe-state.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { tooLarge } from '../parsers/message-limit.ts'
import { DEV } from '../internal/dev.ts'
import { runAfter } from '../internal/time.ts'

export interface ChannelWorks {
  url: string
  definition: Definition
  /** The backend's order of cursors. */
  compare: ((a: string, b: string) => number | undefined) | undefined
  /** In ms. */
  disconnectDelay: number
  /** How many messages may wait to be sent. */
  maxQueuedSends: number
  /** How long one may take from its turn on, in ms. */
  sendTimeout: number
  /** How long one message may be, in bytes. */
  maxMessageBytes: number
  /** The supervised connection. */
  link: (position: Position, moved: (position: Position) => void, retryNow$: Observable<void>) => Observable<LinkEvent>
  /** What the technique knows of the channel's origin, in words. */
  explain: () => string | undefined
  /** Sends by HTTP; undefined where the backend cannot. */
  post: Handover | undefined
  scheduler: SchedulerLike
  /** Whether development is warned of a wrong set-up. */
  warnings: boolean
  /** The channel went from idle to read, or back. */
  active: (active: boolean) => void
}

export function createChannel({
  url,
  definition: { decode, encode, sequence, replay },
  compare,
  disconnectDelay,
  maxQueuedSends,
  sendTimeout,
  maxMessageBytes,
  link,
  explain,
  post,
  scheduler,
  warnings,
  active,
}: ChannelWorks): Channel<unknown, unknown> {
  // Replaced whole on every change, so that a delivery walks the readers it began with.
  let readers: readonly Subscriber<PushEvent<unknown>>[] = []
  // The last one that the supervisor reported, for when the channel connects again.
  let position = initialPosition()
  const moved = (next: Position) => void (position = next)
  // Undefined while idle; an ended one while the channel is closed or failed.
  let connection: Subscription | undefined
  let lingering = Subscription.EMPTY
  let lastOpen: Extract<PushState, { type: 'open' }> | undefined
  let lastCursor: string | undefined
  // How many messages and gaps there were: bookmarks count in it.
  let eventCount = 0
  // Where the channel was when its last reader paused.
  let pausedAt: Position | undefined
  let last: PushMessage<unknown> | undefined
  // The last event that was about the connection: a late reader gets it first.
  let present: PushState = { type: 'idle' }
  // The last message that could not be decoded: a late reader gets it too, while it is what `state` tells of.
  let undecoded: Extract<PushEvent<unknown>, { type: 'invalid' }> | undefined
  let retryDue: number | undefined
  const state = new BehaviorSubject(IDLE)
  const retry = new Subject<void>()
  const letters = outbox({
    limit: maxQueuedSends,
    within: sendTimeout,
    late: () => unacknowledged(url, sendTimeout),
    scheduler,
  })
  const replayed = replay?.()
  const sequenceCheck = sequence?.()

  const warn = process.env.NODE_ENV !== 'production' && warnings ? developmentWarnings(url) : undefined

  const say = deliveryQueue((event: PushEvent<unknown>) => {
    const now = readers
    if (event.type === 'message' || event.type === 'gap') {
      eventCount += 1
      replayed?.add(event)
      if (event.type === 'message') last = event
    } else if (event.type === 'invalid') undecoded = event
    else {
      present = event
      retryDue = event.type === 'reconnecting' ? scheduler.now() + event.delay : undefined
    }
    const next = connectionState(state.value, event)
    if (next !== state.value) state.next(next)
    if (process.env.NODE_ENV !== 'production') {
      notifyDevtools(channel, event)
      warn?.(event)
    }
    for (const reader of now) reader.next(event)
  })

  const isEarlier = (cursor: string | undefined, than: string | undefined) =>
    than !== undefined && cursor !== undefined && (compare?.(cursor, than) ?? 1) <= 0

  const message = ({ data: raw, event, cursor, error: wrong }: SourceMessage) => {
    const before = lastCursor
    lastCursor = cursor
    let data: unknown
    try {
      if (wrong) throw wrong
      if (raw.length > maxMessageBytes) throw tooLarge(maxMessageBytes)
      data = decode(raw)
      const succession = sequenceCheck?.follow(data, isEarlier(cursor, before))
      if (succession === 'repeat') return
      if (succession === 'gap') say({ type: 'gap', reason: 'sequence' })
    } catch (cause) {
      const error = asPushError(cause, 'invalid-message', DEV && 'the message')
      if (error.code === 'async-schema') {
        handleLinkEvent({ type: 'gap', reason: 'not-resumed' })
        return end({ type: 'failed', error })
      }
      return say({ type: 'invalid', error, raw, cursor })
    }
    say({ type: 'message', data, event, cursor })
  }

  const open = (event: Extract<LinkEvent, { type: 'open' }>) => {
    letters.connected(event.send ?? post ?? unsupported)
    if (event.unheard) return
    sequenceCheck?.interrupted(false)
    const { type, technique, unconfirmed = false, reason } = event
    // A connection that was made anew unseen, to recycle it, is no news.
    if (lastOpen?.technique === technique && lastOpen.unconfirmed === unconfirmed) return
    lastOpen = { type, technique, unconfirmed, ...(reason !== undefined && { reason }) }
    say(lastOpen)
  }

  const handleLinkEvent = (event: LinkEvent) => {
    if (pausedAt && canResume(pausedAt)) {
      // Nobody is there to take it: whoever comes back asks for it again.
      position = pausedAt
      return idle()
    }
    if (event.type === 'message') return message(event)
    if (event.type === 'open') return open(event)
    if (event.type === 'closed' || event.type === 'failed') return end(event)
    if (event.type === 'gap') sequenceCheck?.interrupted(true)
    else {
      lastOpen = undefined
      letters.connected(undefined)
    }
    say(event)
  }

  const connect = () => {
    const next = (connection = new Subscription())
    next.add(link(position, moved, retry).subscribe(handleLinkEvent))
  }

  const disconnect = () => {
    connection?.unsubscribe()
    lastOpen = undefined
    letters.discard(
      new PushError('send-aborted', DEV && `${redactUrl(url)} was left or ended: the message was not handed over`),
    )
  }

  const end = (event: Extract<PushState, { type: 'closed' | 'failed' }>) => {
    disconnect()
    say(event)
  }

  const idle = () => {
    lingering.unsubscribe()
    disconnect()
    connection = undefined
    say({ type: 'idle' })
    active(false)
  }

  const leave = (reader: Subscriber<PushEvent<unknown>>, bookmark: Bookmark | undefined) => {
    readers = readers.filter((other) => other !== reader)
    if (readers.length > 0) return
    pausedAt = bookmark && position
    // What is closed or failed is not kept for the next reader, who wants to try.
    if (disconnectDelay === 0 || connection?.closed) idle()
    else lingering = runAfter(disconnectDelay, scheduler, idle)
  }

  const readFrom = (bookmark?: Bookmark) =>
    new Observable<PushEvent<unknown>>((reader) => {
      lingering.unsubscribe()
      pausedAt = undefined
      if (!connection && bookmark?.at === undefined) {
        // What was is the past of others; for their bookmarks, the hole counts as an event that is not kept.
        position = bookmark?.from ?? initialPosition()
        if (bookmark) bookmark.from = undefined
        lastCursor = last = undefined
        sequenceCheck?.interrupted(true)
        replayed?.clear()
        eventCount += 1
      }
      const kept = replayed?.events() ?? []
      if (bookmark) bookmark.at = eventCount - kept.length
      if (connection) reader.next(present)
      for (const event of kept) reader.next(event)
      if (connection && undecoded && undecoded.error === state.value.error) reader.next(undecoded)
      readers = [...readers, reader]
      reader.add(() => leave(reader, bookmark))
      if (connection || reader.closed) return
      active(true)
      connect()
    })
  const events$ = readFrom()

  const channel: Channel<unknown, unknown> = {
    url,
    events$,
    readFrom,
    messages$: events$.pipe(filter((event) => event.type === 'message')),
    state$: state.asObservable(),
    get state() {
      return state.value
    },
    get status() {
      return state.value.status
    },
    get last() {
      return last
    },
    get retryDue() {
      return retryDue
    },
    send(data) {
      if (!connection || connection.closed) {
        return rejected(
          'not-connected',
          DEV && `${redactUrl(url)} is ${state.value.status}: subscribe first, or reconnect()`,
        )
      }
      try {
        return letters.send(encode(data))
      } catch (error) {
        return Promise.reject(asPushError(error, 'invalid-message', DEV && 'the message'))
      }
    },
    reconnect() {
      if (connection?.closed && readers.length > 0) connect()
      else retry.next()
    },
    close() {
      if (connection && !connection.closed) end({ type: 'closed', by: 'client' })
    },
    isAfter(cursor, other) {
      const order = compare?.(cursor, other)
      return order === undefined ? undefined : order > 0
    },
    retryNow: () => retry.next(),
    explain: () =>
      process.env.NODE_ENV !== 'production'
        ? describeState(url, state.value.status, present, (retryDue ?? 0) - scheduler.now(), explain())
        : [state.value.status, state.value.error?.code].filter(Boolean).join(': '),
  }
  return channel
}

/** For connections that only receive, at servers that take no posts. */
const unsupported: Handover = () => {
  throw new PushError(
    'send-unsupported',
    DEV && 'Neither this technique nor the backend can send. Use webSocket(), or a backend that posts.',
  )
}

const unacknowledged = (url: string, within: number) =>
  new PushError(
    'send-aborted',
    DEV &&
      `The message was not acknowledged: ${redactUrl(url)} did not answer within ${within} ms. The server may have it; send it again only if it may come twice, or raise \`sendTimeout\`.`,
  )

const rejected = (...error: ConstructorParameters<typeof PushError>) => Promise.reject(new PushError(...error))
