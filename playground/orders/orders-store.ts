import { defineStore } from 'pinia'
import { defineChannel } from 'pinia-push'
import { isDone, type Action, type Book, type DeskMessage, type Order, type OrderState } from './order.ts'

export const orders = defineChannel<DeskMessage>({ url: '/push/orders' })

/** An order as the board shows it. */
export interface ShownOrder extends Order {
  /** What was asked of the desk, until the channel tells that it was done. */
  asked: Action | undefined
  /** Why the desk did not do what it was asked. */
  refused: string | undefined
}

/** Whether an order shows that what was asked was done, or can be done no more. */
const SETTLED = {
  accept: ({ state }) => state !== 'new',
  fill: isDone,
  cancel: isDone,
} satisfies Record<Action, (order: Order) => boolean>

/** The book of the desk, live; and over it, what a person asked for and the desk has not yet done. */
export const useOrders = defineStore('orders', {
  state: () => ({
    byId: {} as Book['byId'],
    trades: 0,
    market: 'open' as Book['market'],
    asked: {} as Record<number, Action>,
    refused: {} as Record<number, string>,
    filter: { state: 'all' as OrderState | 'all', text: '' },
  }),

  getters: {
    found: ({ byId, filter }): Order[] => {
      const text = filter.text.trim().toLowerCase()
      return Object.values(byId).filter(({ id, side, symbol }) =>
        `#${id} ${side} ${symbol}`.toLowerCase().includes(text),
      )
    },
    /** What the filter lets through, the newest first. */
    shown(): ShownOrder[] {
      const { asked, refused, filter } = this
      return this.found
        .filter(({ state }) => filter.state === 'all' || state === filter.state)
        .toSorted((a, b) => b.id - a.id)
        .map((order) => ({ ...order, asked: unsettled(order, asked[order.id]), refused: refused[order.id] }))
    },
    /** How many there would be to see, by state. */
    count(): (state: OrderState | 'all') => number {
      return (state) => this.found.filter((order) => state === 'all' || order.state === state).length
    },
  },

  actions: {
    /** Shows at once what was asked, and takes it back if the desk refuses; that it was done is told by the channel. */
    async ask(id: number, action: Action) {
      this.asked[id] = action
      delete this.refused[id]
      const refused = await this.desk.ask(id, action)
      if (refused === undefined) return
      delete this.asked[id]
      if (id in this.byId) this.refused[id] = `Could not ${action}: ${refused}.`
    },
  },

  push: ({ bindChannel, store }) => {
    bindChannel(orders(), {
      snapshot: ({ signal }) => store.desk.snapshot(signal),
      apply(state, { data }) {
        if (data.kind === 'market') state.market = data.market
        else if (data.kind === 'order') {
          const { order, trade } = data
          state.byId[order.id] = order
          if (trade) state.trades = trade.n
          if (!unsettled(order, state.asked[order.id])) delete state.asked[order.id]
        } else for (const kept of [state.byId, state.asked, state.refused]) delete kept[data.id]
      },
    })
  },
})

const unsettled = (order: Order, asked: Action | undefined): Action | undefined =>
  asked && !SETTLED[asked](order) ? asked : undefined
