import type { OnMessage } from './bare.ts'

/** Reads the text of a multipart stream as it comes. */
export function multipart(contentType: string, onMessage: OnMessage): (chunk: string) => void {
  const delimiter = `\r\n--${/boundary=(\S+)/.exec(contentType)?.[1]}\r\n`
  let pending = '\r\n'
  return (chunk) => {
    pending += chunk
    const parts = pending.split(delimiter)
    pending = parts.pop() ?? ''
    for (const part of parts) {
      const end = part.indexOf('\r\n\r\n')
      if (end < 0) continue
      const headers: Record<string, string> = {}
      for (const line of part.slice(0, end).split('\r\n')) {
        const colon = line.indexOf(':')
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
      }
      if (headers['push'] !== undefined) continue
      const seconds = Date.parse(headers['last-modified'] ?? '') / 1_000
      onMessage(JSON.parse(part.slice(end + 4)), `${seconds}:${headers['etag']}`)
    }
  }
}
