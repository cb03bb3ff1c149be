import type { OnMessage } from './bare.ts'

/** Reads one frame of `ws+meta.nchan`. */
export function frame(text: string, onMessage: OnMessage): void {
  const end = text.indexOf('\n\n')
  const head: Record<string, string> = {}
  for (const line of text.slice(0, end).split('\n')) {
    const colon = line.indexOf(':')
    head[line.slice(0, colon)] = line.slice(colon + 1).trim()
  }
  if (head['push'] === undefined) onMessage(JSON.parse(text.slice(end + 2)), head['id'])
}
