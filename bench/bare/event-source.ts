import type { Bare } from './bare.ts'

export const eventSource: Bare = (url, onMessage) => {
  const source = new EventSource(url)
  source.onmessage = ({ data, lastEventId }) => onMessage(JSON.parse(data), lastEventId)
  return () => source.close()
}
