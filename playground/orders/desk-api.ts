import type { Snapshot } from 'pinia-push'
import { markRaw } from 'vue'
import type { Action, Book } from './order.ts'

/** What the desk answers over plain HTTP. */
export interface DeskApi {
  /** The book, and the place in the channel up to which it holds. */
  snapshot(signal: AbortSignal): Promise<Snapshot<Book>>
  /** Asks for something to be done; resolves with why it was refused, or with undefined. */
  ask(id: number, action: Action): Promise<string | undefined>
  place(): Promise<void>
  setMarket(market: Book['market']): Promise<void>
}

declare module 'pinia' {
  interface PiniaCustomProperties {
    /** The desk, as every store reaches it: on a server it is at another address than in a page. */
    readonly desk: DeskApi
  }
}

export function deskAt(origin: string): DeskApi {
  const post = (path: string) => fetch(`${origin}/orders${path}`, { method: 'POST' })
  return markRaw<DeskApi>({
    async snapshot(signal) {
      const answer = await fetch(`${origin}/orders`, { signal })
      if (!answer.ok) throw new Error(`/orders answered ${answer.status}`)
      return (await answer.json()) as Snapshot<Book>
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
