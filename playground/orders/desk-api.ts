import type { Snapshot } from 'pinia-push'
import { markRaw } from 'vue'
import type { Action, Book } from './order.ts'

/** The desk's HTTP API. */
export interface DeskApi {
  /** Returns the book, and the channel's cursor up to which it is current. */
  snapshot(signal: AbortSignal): Promise<Snapshot<Book>>
  /** Requests an action. Resolves with the reason for a rejection, or with undefined. */
  ask(id: number, action: Action): Promise<string | undefined>
  place(): Promise<void>
  setMarket(market: Book['market']): Promise<void>
}

declare module 'pinia' {
  interface PiniaCustomProperties {
    /** The desk, for every store. A server reaches it at another URL than a page. */
    readonly desk: DeskApi
  }
}

export function deskAt(origin: string): DeskApi {
  const post = (path: string) => fetch(`${origin}/orders${path}`, { method: 'POST' })
  return markRaw<DeskApi>({
    async snapshot(signal) {
      const response = await fetch(`${origin}/orders`, { signal })
      if (!response.ok) throw new Error(`/orders returned ${response.status}`)
      return (await response.json()) as Snapshot<Book>
    },
    async ask(id, action) {
      try {
        const { refused } = (await (await post(`/${id}/${action}`)).json()) as { refused?: string }
        return refused
      } catch {
        return 'the desk could not be reached'
      }
    },
    async place() {
      await post('')
    },
    async setMarket(market) {
      await post(`/market/${market}`)
    },
  })
}
