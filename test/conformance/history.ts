import type { PushEvent } from 'pinia-push/observables'

/** An event, and when it was emitted, in ms. */
export interface DatedEvent {
  event: PushEvent<unknown>
  at: number
}

/** Returns what happened to each channel since a test began, as text. */
export function histories(
  events: readonly (DatedEvent & { channel: { readonly url: string } })[],
  began: number,
): string {
  const channels = new Set(events.map(({ channel }) => channel))
  return [...channels]
    .map((channel) => {
      const own = events.filter((event) => event.channel === channel)
      return [`What readers of "${channel.url}" received:`, ...history(own, began)].join('\n  ')
    })
    .join('\n')
}

/** How many lines are shown at the beginning, at the end, and on either side of a gap. */
const SHOWN = 8

/**
 * Returns what happened to a channel as lines, one for each event: its time since `from`, and what it was. Messages in a row
 * are one line. Of a long history, the beginning, the end, and what surrounds each gap, failure and unreadable message stay.
 */
export function history(events: readonly DatedEvent[], from = 0): string[] {
  const lines: { text: string; isNotable: boolean }[] = []
  for (let at = 0; at < events.length;) {
    const run = messagesFrom(events, at)
    const first = events[at]
    if (!first) break
    const isNotable = ['gap', 'failed', 'invalid'].includes(first.event.type)
    lines.push({ text: `${Math.round(first.at - from)} ms  ${inWords(first.event, run)}`, isNotable })
    at += Math.max(1, run.length)
  }
  const isShown = (line: number) =>
    line < SHOWN ||
    line >= lines.length - SHOWN ||
    lines.slice(Math.max(0, line - SHOWN), line + SHOWN + 1).some(({ isNotable }) => isNotable)
  const shown: string[] = []
  let hidden = 0
  for (const [at, { text }] of lines.entries()) {
    if (!isShown(at)) {
      hidden += 1
      continue
    }
    if (hidden > 0) shown.push(`... ${hidden} more ...`)
    hidden = 0
    shown.push(text)
  }
  return shown
}

/** Returns the messages that follow each other from an index on. */
function messagesFrom(events: readonly DatedEvent[], from: number): unknown[] {
  const run: unknown[] = []
  for (let at = from; ; at += 1) {
    const event = events[at]?.event
    if (event?.type !== 'message') return run
    run.push(event.data)
  }
}

function inWords(event: PushEvent<unknown>, run: readonly unknown[]): string {
  switch (event.type) {
    case 'message':
      return run.length === 1
        ? `message ${brief(run[0])}`
        : `${run.length} messages ${brief(run[0])} to ${brief(run.at(-1))}`
    case 'gap':
      return `gap ${event.reason}`
    case 'open':
      return `open ${event.technique}${event.unconfirmed ? ', unconfirmed' : ''}`
    case 'reconnecting':
      return `reconnecting in ${Math.round(event.delay)} ms: ${event.error.code}, ${event.error.message}`
    case 'failed':
    case 'invalid':
      return `${event.type}: ${event.error.code}, ${event.error.message}`
    case 'connecting':
      return `connecting, attempt ${event.attempt}`
    case 'idle':
      return `idle ${event.pausedBy?.join() ?? ''}`.trim()
    case 'closed':
      return `closed by the ${event.by}`
  }
}

/** The beginning of a message. */
const brief = (data: unknown): string => {
  const text = JSON.stringify(data instanceof Uint8Array ? [...data.subarray(0, 16)] : data) ?? String(data)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
