import { fieldsOf, textOf, type Fields } from '../json-frame.ts'

/** The position of a stream: its offset is valid within an epoch of the server's memory. */
interface Position {
  readonly epoch: string
  readonly offset: number
}

/** The positions of the streams of one topic, and the messages that wait for its history. */
export interface StreamHistory {
  /** The positions that the server is asked to resume from. Undefined: no history is requested. */
  readonly requested: Fields | undefined
  /** Whether the history was requested, and is not complete. */
  readonly isPending: boolean
  /** Keeps a message until the history is complete, and returns whether it did. */
  hold(frame: Fields): boolean
  /** The history is complete, or the server has none. Returns the messages that waited, each stream in its order. */
  end(resumed: boolean): readonly Fields[]
  /** Moves to the position of a message, and returns the cursor there; none if the server keeps no history. */
  move(frame: Fields): { readonly cursor: string | undefined } | 'repeated'
}

/** Follows the history of one topic, which AnyCable keeps by stream. `cursor`: the positions, as `move` returned them. */
export function streamHistory(cursor: string | undefined): StreamHistory {
  const requested = cursor === undefined ? undefined : fieldsOf(JSON.parse(cursor))
  const positions = new Map<string, unknown>(Object.entries(requested ?? {}))
  let held: Fields[] | undefined = requested && []
  return {
    requested,
    get isPending() {
      return held !== undefined
    },
    hold(frame) {
      held?.push(frame)
      return held !== undefined
    },
    end(resumed) {
      const frames = held ?? []
      held = undefined
      if (!resumed) positions.clear()
      return inOrder(frames)
    },
    move(frame) {
      const stream = textOf(frame['stream_id'])
      const position = positionOf(frame)
      if (stream === undefined || !position) return { cursor: undefined }
      const last = positionOf(fieldsOf(positions.get(stream)))
      if (last?.epoch === position.epoch && position.offset <= last.offset) return 'repeated'
      positions.set(stream, position)
      return { cursor: JSON.stringify(Object.fromEntries(positions)) }
    },
  }
}

function positionOf({ epoch, offset }: Fields): Position | undefined {
  return typeof epoch === 'string' && typeof offset === 'number' ? { epoch, offset } : undefined
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
