import type { Bare } from './bare.ts'

export const eventSource: Bare = (url, told) => {
  const source = new EventSource(url)
  source.onmessage = ({ data, lastEventId }) => told(JSON.parse(data), lastEventId)
  return () => source.close()
}
