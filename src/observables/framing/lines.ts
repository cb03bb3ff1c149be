/**
 * Text to lines (LF or CRLF), however it is cut into chunks. Empty lines are passed over: servers send them to keep a
 * connection alive. What has no line end yet is no line.
 */
export function lines(line: (text: string) => void): (chunk: string) => void {
  let pending: string[] = []
  return (chunk) => {
    let start = 0
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      const text = pending.length > 0 ? pending.join('') + chunk.slice(start, end) : chunk.slice(start, end)
      pending = []
      start = end + 1
      const whole = text.endsWith('\r') ? text.slice(0, -1) : text
      if (whole !== '') line(whole)
    }
    if (start < chunk.length) pending.push(chunk.slice(start))
  }
}
