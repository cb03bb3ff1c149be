import type { ServerSentEvent } from '../backends/backend.ts'
import { BEGINNING, MAX_MESSAGE_BYTES, pieces, tooLarge } from './message-limit.ts'

export interface EventStreamReader {
  event(event: ServerSentEvent): void
  /** An id that came without data: it counts, and is no event. */
  position(id: string): void
  comment(text: string): void
  /** The server's reconnection time, in ms. */
  retry(delay: number): void
}

const SPACE = 32

/**
 * Text of an event stream (WHATWG HTML section 9.2) to events, however it is cut into chunks. An event without its
 * own `id` has none: ids are not sticky here, because a sticky id is not that event's place. An event that is longer than
 * the limit has an `error`, and the beginning of its data; one that does not end is told and then thrown. An id that is
 * not seen whole is no id.
 */
export function eventStream(
  { event: tell, position, comment, retry }: EventStreamReader,
  limit: number = MAX_MESSAGE_BYTES,
): (chunk: string) => void {
  const begun = pieces(limit)
  let pending = false
  // A line ends at its CR, without waiting for what follows; a LF that does belongs to it.
  let afterReturn = false
  let id: string | undefined
  let name: string | undefined
  let data: string | undefined
  let length = 0
  let error: ServerSentEvent['error']

  const dispatch = () => {
    const event = { id, event: name, data: data ?? '', error }
    const told = data !== undefined || error !== undefined
    id = name = data = error = undefined
    length = 0
    if (told) tell(event)
    else if (event.id !== undefined) position(event.id)
  }
  const add = (value: string) => {
    length += value.length + 1
    if (error) return
    data = data === undefined ? value : `${data}\n${value}`
    if (length <= limit + 1) return
    error = tooLarge(limit)
    data = data.slice(0, BEGINNING)
  }
  /** `isCut`: only the beginning of the line is known, so that only data may be taken from it. */
  const field = (line: string, isCut = false) => {
    if (line === '') return dispatch()
    const colon = line.indexOf(':')
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1)
    if (colon === 0) return comment(value)
    switch (colon < 0 ? line : line.slice(0, colon)) {
      case 'data':
        return add(value)
      case 'event':
        name = isCut ? undefined : value || undefined
        return
      case 'id':
        if (isCut) id = undefined
        else if (!value.includes('\0')) id = value
        return
      case 'retry':
        if (!isCut && /^\d+$/.test(value)) retry(Number(value))
    }
  }
  const ended = (end: string, isCut = false) => {
    if (!pending) return field(end)
    begun.add(end)
    const tooLong = begun.error
    pending = false
    field(begun.take(), isCut || tooLong !== undefined)
    error ??= tooLong
  }

  return (chunk) => {
    if (chunk === '') return
    let start = afterReturn && chunk.startsWith('\n') ? 1 : 0
    let carriageReturn = chunk.indexOf('\r', start)
    for (;;) {
      if (carriageReturn >= 0 && carriageReturn < start) carriageReturn = chunk.indexOf('\r', start)
      const lineFeed = chunk.indexOf('\n', start)
      const returns = carriageReturn >= 0 && (lineFeed < 0 || carriageReturn < lineFeed)
      const end = returns ? carriageReturn : lineFeed
      if (end < 0) break
      ended(chunk.slice(start, end))
      start = end + (returns && lineFeed === end + 1 ? 2 : 1)
    }
    afterReturn = chunk.endsWith('\r')
    if (start < chunk.length) {
      pending = true
      begun.add(chunk.slice(start))
    }
    if (!begun.endless && length <= limit * 2) return
    // It may never end; what was seen of it is told, so that its place is not asked for again.
    if (pending) ended('', true)
    const endless = (error ??= tooLarge(limit))
    dispatch()
    throw endless
  }
}
