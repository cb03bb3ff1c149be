import type { ServerSentEvent } from '../backends/backend.ts'
import { KEPT_LENGTH, MAX_MESSAGE_BYTES, tooLarge } from './message-limit.ts'
import { splitLines } from './split-lines.ts'

export interface EventStreamReader {
  event(event: ServerSentEvent): void
  /** Receives an id that came without data. It is the last event ID, and not an event. */
  id(id: string): void
  comment(text: string): void
  /** Receives the server's reconnection time, in ms. */
  retry(delay: number): void
}

const SPACE = 32
const COLON = 58

/**
 * Reads the text of an event stream (WHATWG HTML section 9.2), wherever it is cut into chunks.
 *
 * An id belongs to the event that has it: the events after it have none. An event above the limit has an `error`, and only
 * the beginning of its data. At twice the limit it is emitted and its error is thrown. An id is read only if its line is
 * complete.
 */
export function eventStream(reader: EventStreamReader, limit: number = MAX_MESSAGE_BYTES): (chunk: string) => void {
  let id: string | undefined
  let name: string | undefined
  let data = ''
  let error: ServerSentEvent['error']
  /** Length of the event's data, each line with its line end. */
  let length = 0

  const dispatch = () => {
    const event = { id, event: name, data, error }
    const isEvent = length > 0 || error !== undefined
    id = name = error = undefined
    data = ''
    length = 0
    if (isEvent) reader.event(event)
    else if (event.id !== undefined) reader.id(event.id)
  }
  const addData = (value: string) => {
    const isFirst = length === 0
    length += value.length + 1
    if (error) return
    data = isFirst ? value : `${data}\n${value}`
    if (length <= limit + 1) return
    error = tooLarge(limit)
    data = data.slice(0, KEPT_LENGTH)
  }
  /** Of a line that is cut only data counts: another value would be a wrong one. */
  const readField = (field: string, value: string, isCut: boolean) => {
    switch (field) {
      case 'data':
        return addData(value)
      case 'event':
        name = (!isCut && value) || undefined
        return
      case 'id':
        if (isCut) id = undefined
        else if (!value.includes('\0')) id = value
        return
      case 'retry':
        if (!isCut && /^\d+$/.test(value)) reader.retry(Number(value))
    }
  }
  const lines = splitLines((text, start, end, tooLong) => {
    if (start === end) return dispatch()
    // Most lines are data. No string is made of their names.
    if (text.startsWith('data: ', start)) addData(text.slice(start + 6, end))
    else {
      const colon = colonOrEnd(text, start, end)
      const value = text.slice(text.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1, end)
      if (colon === start) return reader.comment(value)
      readField(text.slice(start, colon), value, tooLong !== undefined)
    }
    if (tooLong) error ??= tooLong
  }, limit)

  return (chunk) => {
    const isEndless = lines.feed(chunk) || length > limit * 2
    if (!isEndless) return
    // The event may never end. It is emitted as far as it was read, so that its id is not requested again.
    lines.cut()
    const endless = (error ??= tooLarge(limit))
    dispatch()
    throw endless
  }
}

/** Finds the colon after the name of a field. A name is short, and text without a colon is not searched beyond its line. */
function colonOrEnd(text: string, start: number, end: number): number {
  let at = start
  while (at < end && text.charCodeAt(at) !== COLON) at += 1
  return at
}
