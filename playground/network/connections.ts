import type { Channel, PushEvent, Technique } from 'pinia-push'
import { tap } from 'rxjs'
import { shallowRef } from 'vue'

/** How much of the past is shown, in ms. */
export const WINDOW = 60_000

/** How many lines of news are shown. */
const LINES = 12

/** One connection of one rung; times in ms since the epoch. */
export interface Connection {
  readonly id: number
  readonly rung: string
  readonly began: number
  readonly opened?: number
  /** From when on it carried the channel, until it ended. */
  readonly carried?: number
  readonly ended?: number
  /** What ended it, where it did not end because another took over. */
  readonly why?: string
}

/** Something that happened, in words. */
export interface News {
  readonly id: number
  readonly at: number
  readonly text: string
}

/** The rungs' own names, for people. */
export const TITLES: Readonly<Record<string, string>> = {
  webSocket: 'WebSocket',
  sse: 'Server-Sent Events',
  longPolling: 'Long polling',
}
const title = (rung: string | undefined) => TITLES[rung ?? ''] ?? String(rung)

/** Sees every connection that a ladder tries, and what came of it. */
export function useConnections() {
  const connections = shallowRef<readonly Connection[]>([])
  const news = shallowRef<readonly News[]>([])
  let last = 0

  const tell = (text: string) => {
    // A reason may be a sentence already.
    const line = { id: (last += 1), at: Date.now(), text: text.replace(/\.*$/, '.') }
    news.value = [line, ...news.value].slice(0, LINES)
  }
  const change = (id: number, changes: Partial<Connection>) => {
    connections.value = connections.value.map((one) => (one.id === id ? { ...one, ...changes } : one))
  }

  /** A technique is a function to an Observable, so that whoever likes may watch it. */
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
            connections.value = [...recent, { id, rung: technique.name, began: Date.now() }]
          },
          next(event) {
            // A head alone proves nothing: a proxy may hold back what follows.
            if (opened || (event.type === 'open' && (event.expectsGreeting || event.unconfirmed))) return
            opened = true
            change(id, { opened: Date.now() })
          },
          error(error: Error) {
            change(id, { ended: Date.now(), why: error.message })
            tell(`${title(technique.name)} ${opened ? 'broke' : 'failed'}: ${error.message}`)
          },
          unsubscribe() {
            const own = connections.value.find((one) => one.id === id)
            const late = !opened && own?.carried === undefined
            change(id, { ended: Date.now(), ...(late && { why: 'No byte came in time.' }) })
            if (late) tell(`${title(technique.name)} was left: no byte came in time`)
          },
        }),
      )
    },
  })

  /** What the channel itself tells of the ladder. */
  const heard = (event: PushEvent<unknown>) => {
    if (event.type === 'open') {
      const own = connections.value.findLast(({ rung, ended }) => rung === event.technique && ended === undefined)
      if (own) change(own.id, { carried: Date.now() })
      tell(`${title(event.technique)} carries: ${event.reason ?? 'it is open'}`)
    }
    if (event.type === 'reconnecting' || event.type === 'failed') {
      const own = connections.value.findLast(({ carried }) => carried !== undefined)
      // What the ladder itself ends, because it is silent, it ends now.
      if (own && own.why === undefined && (own.ended ?? Infinity) > Date.now() - 100)
        change(own.id, { why: event.error.message })
      if (event.error.code === 'heartbeat-timeout')
        tell(`${title(event.error.technique)} fell silent: ${event.error.message}`)
    }
    if (event.type === 'gap') tell(`Some messages may be missing: ${event.reason}`)
  }

  return {
    connections,
    news,
    shown,
    follow: (channel: Channel<unknown, never>) => channel.events$.subscribe(heard),
  }
}
