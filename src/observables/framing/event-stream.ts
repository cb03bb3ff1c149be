import { createParser } from 'eventsource-parser'
import type { ServerSentEvent } from '../dialects/dialect.ts'

export interface EventStreamReader {
  event(event: ServerSentEvent): void
  comment(text: string): void
  /** The server's reconnection time, in ms. */
  retry(delay: number): void
}

/**
 * Text of an event stream (WHATWG HTML section 9.2) to events, however it is cut into chunks. An event without its
 * own `id` has none: ids are not sticky here, because a sticky id is not that event's place.
 */
export function eventStream({ event, comment, retry }: EventStreamReader): (chunk: string) => void {
  const parser = createParser({ onEvent: event, onComment: comment, onRetry: retry })
  return (chunk) => parser.feed(chunk)
}
