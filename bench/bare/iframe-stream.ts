import type { Bare } from './bare.ts'
import { frame } from './frame.ts'

export const iframeStream: Bare = (url, onMessage) => {
  const word = crypto.randomUUID()
  const iframe = document.createElement('iframe')
  const { origin } = new URL(url)
  const receive = ({ source, origin: from, data }: MessageEvent<{ push?: string; frame?: string }>) => {
    if (source === iframe.contentWindow && from === origin && data.push === word) frame(data.frame ?? '', onMessage)
  }
  addEventListener('message', receive)
  iframe.hidden = true
  iframe.src = `${url}?frame=${word}&frame_parent=${location.origin}`
  document.body.append(iframe)
  return () => {
    removeEventListener('message', receive)
    iframe.remove()
  }
}
