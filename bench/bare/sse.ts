import type { Bare } from './bare.ts'

export const sse: Bare = (url, onMessage) => {
  const abort = new AbortController()
  const read = async () => {
    const response = await fetch(url, {
      headers: { Accept: 'text/event-stream' },
      cache: 'no-store',
      signal: abort.signal,
    })
    const utf8 = new TextDecoder()
    const reader = response.body?.getReader()
    let pending = ''
    while (reader) {
      const { done, value } = await reader.read()
      if (done) return
      pending += utf8.decode(value, { stream: true })
      const events = pending.split('\n\n')
      pending = events.pop() ?? ''
      for (const event of events) dispatch(event)
    }
  }
  const dispatch = (text: string) => {
    let id: string | undefined
    let event = ''
    let data = ''
    for (const line of text.split('\n')) {
      if (line.startsWith('data: ')) data += data === '' ? line.slice(6) : `\n${line.slice(6)}`
      else if (line.startsWith('id: ')) id = line.slice(4)
      else if (line.startsWith('event: ')) event = line.slice(7)
    }
    if (data !== '' && !event.startsWith('push.')) onMessage(JSON.parse(data), id)
  }
  read().catch(() => {})
  return () => abort.abort()
}
