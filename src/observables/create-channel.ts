import {
  BehaviorSubject,
  Observable,
  Subject,
  Subscription,
  distinctUntilChanged,
  filter,
  map,
  type SchedulerLike,
  type Subscriber,
} from 'rxjs'
import type { Bookmark, Channel } from './channel.ts'
import { nowhere, type Place } from './cursor.ts'
import { deliveryQueue } from './delivery-queue.ts'
import type { Definition } from './define-channel.ts'
import { PushError, asPushError } from './errors.ts'
import type { PushEvent, PushMessage, PushState, SourceMessage, SourceOpen } from './event.ts'
import type { LinkEvent, Supervisor } from './operators/reconnect.ts'
import { outbox, type Handover } from './outbox.ts'
import { show } from './probe.ts'
import { inWords, shown } from './in-words.ts'
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
  link: (place: Place, retryNow$: Observable<void>) => ReturnType<Supervisor>
  /** What the technique knows of the channel's origin, in words. */
  explain: () => string | undefined
  /** Sends by HTTP; undefined where the dialect cannot. */
  post: Handover | undefined
  scheduler: SchedulerLike
  /** The channel went from idle to read, or back. */
  active: (active: boolean) => void
}

export function createChannel({
  url,
  definition: { decode, encode, sequence, replay },
  compare,
  linger,
  sendBuffer,
  link,
  explain,
  post,
  scheduler,
  active,
}: ChannelWorks): Channel<unknown, unknown> {
  // Replaced whole on every change, so that a delivery walks the readers it began with.
  let readers: readonly Subscriber<PushEvent<unknown>>[] = []
  let place = nowhere()
  // Undefined while idle; an ended one while the channel is closed or failed.
  let connection: Subscription | undefined
  let lingering = Subscription.EMPTY
  let announced: Extract<PushState, { type: 'open' }> | undefined
  let lastCursor: string | undefined
  // How many messages and gaps there were: bookmarks count in it.
  let told = 0
  // Where the channel was when its last reader paused.
  let pausedAt: Place | undefined
  let last: PushMessage<unknown> | undefined
  const state = new BehaviorSubject<PushState>({ type: 'idle' })
  const retry = new Subject<void>()
  const letters = outbox(sendBuffer)
  const past = replay?.()
  const numbers = sequence?.()

  const say = deliveryQueue((event: PushEvent<unknown>) => {
    const present = readers
    if (event.type === 'message' || event.type === 'gap') {
      told += 1
      past?.add(event)
      if (event.type === 'message') last = event
    } else if (event.type !== 'invalid') state.next(event)
    if (process.env.NODE_ENV !== 'production') show(channel, event)
    for (const reader of present) reader.next(event)
  })

  const isEarlier = (cursor: string | undefined, than: string | undefined) =>
    than !== undefined && cursor !== undefined && (compare?.(cursor, than) ?? 1) <= 0

  const message = ({ data: raw, event, cursor }: SourceMessage) => {
    const before = lastCursor
    lastCursor = cursor
    let data: unknown
    try {
      data = decode(raw)
      const succession = numbers?.follow(data, isEarlier(cursor, before))
      if (succession === 'repeat') return
      if (succession === 'gap') say({ type: 'gap', reason: 'sequence' })
    } catch (cause) {
      const error = asPushError(cause, 'invalid-message', DEV && 'the message')
      if (error.code === 'async-schema') return end({ type: 'failed', error })
      return say({ type: 'invalid', error, raw, cursor })
    }
    say({ type: 'message', data, event, cursor })
  }

  const open = (event: SourceOpen) => {
    letters.connected(event.send ?? post)
    numbers?.interrupted(false)
    const { type, technique, presumed = false, why } = event
    // A connection that was made anew unseen, to rotate it, is no news.
    if (announced?.technique === technique && announced.presumed === presumed) return
    announced = { type, technique, presumed, ...(why !== undefined && { why }) }
    say(announced)
  }

  const linked = (event: LinkEvent | Extract<PushState, { type: 'idle' }>) => {
    if (pausedAt?.value !== undefined) {
      // Nobody is there to take it: whoever comes back asks for it again.
      place = pausedAt
      return idle()
    }
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

  const disconnect = () => {
    connection?.unsubscribe()
    announced = undefined
    letters.discard(
      new PushError('send-lost', DEV && `${shown(url)} was left or ended: the message was not handed over`),
    )
  }

  const end = (event: Extract<PushState, { type: 'closed' | 'failed' }>) => {
    disconnect()
    // An ended channel that begins anew is another one; all it shares with the old is that something may be missing.
    if (event.type === 'closed' && event.by === 'server') place.value = undefined
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
    pausedAt = bookmark && { ...place }
    // What is closed or failed is not kept for the next reader, who wants to try.
    if (linger === 0 || connection?.closed) idle()
    else lingering = scheduler.schedule(idle, linger)
  }

  const readFrom = (bookmark?: Bookmark) =>
    new Observable<PushEvent<unknown>>((reader) => {
      lingering.unsubscribe()
      pausedAt = undefined
      if (!connection && bookmark?.at === undefined) {
        // What was is the past of others; for their bookmarks, the hole counts as an event that is not kept.
        place = bookmark?.from ?? nowhere()
        if (bookmark) bookmark.from = undefined
        lastCursor = last = undefined
        numbers?.interrupted(true)
        past?.clear()
        told += 1
      }
      const kept = past?.events() ?? []
      if (bookmark) bookmark.at = told - kept.length
      if (connection) reader.next(state.value)
      for (const event of kept) reader.next(event)
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
    status$: state.pipe(
      map(({ type }) => type),
      distinctUntilChanged(),
    ),
    get status() {
      return state.value.type
    },
    get last() {
      return last
    },
    send(data) {
      if (!encode) return rejected('cannot-send', DEV && `${shown(url)}: the channel's definition names no \`sends\``)
      if (!connection || connection.closed) {
        return rejected('not-connected', DEV && `${shown(url)} is ${state.value.type}: subscribe first, or open()`)
      }
      try {
        return letters.send(encode(data))
      } catch (error) {
        return Promise.reject(asPushError(error, 'invalid-message', DEV && 'the message'))
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
    explain: () => inWords(url, state.value, scheduler.now(), explain()),
  }
  return channel
}

const rejected = (...error: ConstructorParameters<typeof PushError>) => Promise.reject(new PushError(...error))
