import { fieldsOf, textOf, type Fields } from '../json-frame.ts'

/** How many offsets below the last one are remembered, to recognise a message that arrives late. */
const REMEMBERED = 100

/** How many messages wait for the history of a topic. */
const MOST_HELD = 10_000

/** A position in a stream: an offset, which is valid within an epoch of the server's memory. */
interface Position {
  readonly epoch: string
  readonly offset: number
}

/** What was received of a stream. */
interface Received {
  readonly epoch: string
  /** The last offset. */
  offset: number
  /** Offsets up to this one were received, or are too old to be late. */
  from: number
  /** The offsets above it that were received. */
  readonly offsets: Set<number>
}

/** Where a topic is in its streams. */
interface Cursor {
  /** A time of the server, in seconds, at which the topic was subscribed: streams without a message resume from it. */
  readonly since: number
  readonly streams: Fields
}

/** The positions of the streams of one topic, and the messages that wait for its history. */
export interface StreamHistory {
  /** The history that the server is asked for. Undefined: none. */
  readonly requested: Cursor | undefined
  /** Whether the history was requested, and is not complete. */
  readonly isPending: boolean
  /** Whether no more messages can wait. */
  readonly isFull: boolean
  /** Keeps a message until the history is complete, and returns whether it did. */
  hold(frame: Fields): boolean
  /** The history is complete, or the server has none. Returns the messages that waited, each stream in its order. */
  end(resumed: boolean): readonly Fields[]
  /** Moves to the position of a message. Returns undefined if the server repeats it. */
  move(frame: Fields): { readonly cursor: string | undefined; readonly isLate: boolean } | undefined
  /**
   * The topic is subscribed at this time of the server. Returns the cursor; none without a message, because only the epoch of
   * a stream proves that the server has its history.
   */
  at(since: number): string | undefined
}

/** Follows the history of one topic, which AnyCable keeps by stream. `cursor`: as it returned it. */
export function streamHistory(cursor: string | undefined): StreamHistory {
  const requested = parsed(cursor)
  const streams = new Map<string, Received>()
  for (const [stream, value] of Object.entries(requested?.streams ?? {})) {
    const position = positionOf(fieldsOf(value))
    if (position) streams.set(stream, { ...position, from: position.offset, offsets: new Set() })
  }
  let { since } = requested ?? {}
  let held: Fields[] | undefined = requested && []
  const cursorNow = () => {
    const positions = [...streams].map(([stream, { epoch, offset }]) => [stream, { epoch, offset }] as const)
    return JSON.stringify({ since, streams: Object.fromEntries(positions) })
  }
  return {
    requested,
    get isPending() {
      return held !== undefined
    },
    get isFull() {
      return held !== undefined && held.length > MOST_HELD
    },
    hold(frame) {
      held?.push(frame)
      return held !== undefined
    },
    end(resumed) {
      const frames = held ?? []
      held = undefined
      if (!resumed) {
        streams.clear()
        since = undefined
      }
      return inOrder(frames)
    },
    move(frame) {
      const stream = textOf(frame['stream_id'])
      const position = positionOf(frame)
      if (stream === undefined || !position) return { cursor: undefined, isLate: false }
      const received = receivedOf(streams, stream, position.epoch)
      const { offset } = received
      if (!receive(received, position.offset)) return undefined
      return { cursor: since === undefined ? undefined : cursorNow(), isLate: position.offset < offset }
    },
    at(time) {
      since = time
      return streams.size > 0 ? cursorNow() : undefined
    },
  }
}

/** Returns a cursor; undefined if it is not one of this backend, such as another one of a snapshot. */
function parsed(cursor = ''): Cursor | undefined {
  try {
    const { since, streams } = fieldsOf(JSON.parse(cursor))
    return typeof since === 'number' ? { since, streams: fieldsOf(streams) } : undefined
  } catch {
    return undefined
  }
}

/** Returns the record of a stream. A new epoch begins a new record. */
function receivedOf(streams: Map<string, Received>, stream: string, epoch: string): Received {
  const last = streams.get(stream)
  if (last?.epoch === epoch) return last
  const received: Received = { epoch, offset: 0, from: 0, offsets: new Set() }
  streams.set(stream, received)
  return received
}

/** Records an offset, and returns whether it is new. */
function receive(received: Received, offset: number): boolean {
  const { from, offsets } = received
  if (offset <= from || offsets.has(offset)) return false
  offsets.add(offset)
  received.offset = Math.max(received.offset, offset)
  if (offsets.size > 2 * REMEMBERED) {
    received.from = Math.max(from, received.offset - REMEMBERED)
    for (const each of offsets) if (each <= received.from) offsets.delete(each)
  }
  return true
}

function positionOf({ epoch, offset }: Fields): Position | undefined {
  return typeof epoch === 'string' && Number.isSafeInteger(offset) ? { epoch, offset: offset as number } : undefined
}

/** A message that is published while the history is sent may arrive before older ones. */
function inOrder(frames: readonly Fields[]): readonly Fields[] {
  const streams = new Map<unknown, Fields[]>()
  for (const frame of frames) {
    const stream = frame['stream_id']
    const others = streams.get(stream)
    if (others) others.push(frame)
    else streams.set(stream, [frame])
  }
  const offsetOf = (frame: Fields) => positionOf(frame)?.offset ?? 0
  return [...streams.values()].flatMap((each) => each.toSorted((one, other) => offsetOf(one) - offsetOf(other)))
}
