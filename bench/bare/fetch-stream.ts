import type { Bare } from './bare.ts'
import { multipart } from './multipart.ts'

export const fetchStream: Bare = (url, onMessage) => {
  const abort = new AbortController()
  const read = async () => {
    const response = await fetch(url, {
      headers: { Accept: 'multipart/mixed' },
      cache: 'no-store',
      signal: abort.signal,
    })
    const utf8 = new TextDecoder()
    const feed = multipart(response.headers.get('content-type') ?? '', onMessage)
    const reader = response.body?.getReader()
    while (reader) {
      const { done, value } = await reader.read()
      if (done) return
      feed(utf8.decode(value, { stream: true }))
    }
  }
  read().catch(() => {})
  return () => abort.abort()
}
