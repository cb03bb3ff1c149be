import type { Bare } from './bare.ts'
import { frame } from './frame.ts'

export const webSocket: Bare = (url, onMessage) => {
  const socket = new WebSocket(url.replace('http', 'ws'), 'ws+meta.nchan')
  socket.onmessage = ({ data }: MessageEvent<string>) => frame(data, onMessage)
  return () => socket.close()
}
