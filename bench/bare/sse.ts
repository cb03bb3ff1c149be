import { createParser } from 'eventsource-parser'
import type { Bare } from './bare.ts'

/** fetch, and the parser that everybody uses. */
export const sse: Bare = (url, told) => {
  const abort = new AbortController()
  const read = async () => {
    const response = await fetch(url, {
      headers: { Accept: 'text/event-stream' },
      cache: 'no-store',
      signal: abort.signal,
    })
    const utf8 = new TextDecoder()
    const parser = createParser({
      onEvent({ event, data, id }) {
        if (!event?.startsWith('push.')) told(JSON.parse(data), id)
      },
    })
    const reader = response.body?.getReader()
    while (reader) {
      const { done, value } = await reader.read()
      if (done) return
      parser.feed(utf8.decode(value, { stream: true }))
    }
  }
  read().catch(() => {})
  return () => abort.abort()
}
