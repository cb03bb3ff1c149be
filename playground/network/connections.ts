import type { Channel, PushEvent, Technique } from 'pinia-push'
import { tap } from 'rxjs'
import { shallowRef } from 'vue'

/** The period that the timeline shows, in ms. */
export const WINDOW = 60_000

/** The number of news lines on the page. */
const LINES = 12

/** One connection of one technique; times in ms since the epoch. */
export interface Connection {
  readonly id: number
  readonly technique: string
  readonly began: number
  readonly opened?: number
  /** When it took over the channel. */
  readonly inUseSince?: number
  readonly ended?: number
  /** Why it ended; absent if another connection took over. */
  readonly why?: string
}

/** One line of news. */
export interface News {
  readonly id: number
  readonly at: number
  readonly text: string
}

/** The techniques' titles. */
export const TITLES: Readonly<Record<string, string>> = {
  webSocket: 'WebSocket',
  sse: 'Server-Sent Events',
  longPolling: 'Long polling',
}
const title = (technique: string | undefined) => TITLES[technique ?? ''] ?? String(technique)

/** Observes every connection of a fallback, and its result. */
export function useConnections() {
  const connections = shallowRef<readonly Connection[]>([])
  const news = shallowRef<readonly News[]>([])
  let last = 0

  const report = (text: string) => {
    // A reason may end with a full stop.
    const line = { id: (last += 1), at: Date.now(), text: text.replace(/\.*$/, '.') }
    news.value = [line, ...news.value].slice(0, LINES)
  }
  const change = (id: number, changes: Partial<Connection>) => {
    connections.value = connections.value.map((one) => (one.id === id ? { ...one, ...changes } : one))
  }

  /** Wraps a technique: its connections are Observables, so a `tap` sees every event. */
  const shown = (technique: Technique): Technique => ({
    ...technique,
    connect(request) {
      const id = (last += 1)
      let opened = false
      return technique.connect(request).pipe(
        tap({
          subscribe() {
            const since = Date.now() - WINDOW
            const recent = connections.value.filter(({ ended }) => (ended ?? Infinity) > since)
            connections.value = [...recent, { id, technique: technique.name, began: Date.now() }]
          },
          next(event) {
            // A head alone proves nothing: a proxy may buffer the body.
            if (opened || (event.type === 'open' && (event.expectsGreeting || event.unconfirmed))) return
            opened = true
            change(id, { opened: Date.now() })
          },
          error(error: Error) {
            change(id, { ended: Date.now(), why: error.message })
            report(`${title(technique.name)} ${opened ? 'broke' : 'failed'}: ${error.message}`)
          },
          unsubscribe() {
            const own = connections.value.find((one) => one.id === id)
            const late = !opened && own?.inUseSince === undefined
            change(id, { ended: Date.now(), ...(late && { why: 'No byte arrived in time.' }) })
            if (late) report(`${title(technique.name)} timed out: no byte arrived in time`)
          },
        }),
      )
    },
  })

  /** Reports the channel's own events. */
  const handleEvent = (event: PushEvent<unknown>) => {
    if (event.type === 'open') {
      const own = connections.value.findLast(
        ({ technique, ended }) => technique === event.technique && ended === undefined,
      )
      if (own) change(own.id, { inUseSince: Date.now() })
      report(`${title(event.technique)} is in use: ${event.reason ?? 'it is open'}`)
    }
    if (event.type === 'reconnecting' || event.type === 'failed') {
      const own = connections.value.findLast(({ inUseSince }) => inUseSince !== undefined)
      // A silent connection is ended by the fallback, at this moment.
      if (own && own.why === undefined && (own.ended ?? Infinity) > Date.now() - 100)
        change(own.id, { why: event.error.message })
      if (event.error.code === 'heartbeat-timeout')
        report(`${title(event.error.technique)} stopped sending: ${event.error.message}`)
    }
    if (event.type === 'gap') report(`Messages may be missing: ${event.reason}`)
  }

  return {
    connections,
    news,
    shown,
    follow: (channel: Channel<unknown, never>) => channel.events$.subscribe(handleEvent),
  }
}
