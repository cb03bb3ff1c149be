import { defineStore } from 'pinia'
import { defineChannel } from 'pinia-push'
import { isDone, type Action, type Book, type DeskMessage, type Order, type OrderState } from './order.ts'

export const orders = defineChannel<DeskMessage>({ url: '/push/orders' })

/** An order as the board shows it. */
export interface ShownOrder extends Order {
  /** The requested action, until the channel confirms it. */
  asked: Action | undefined
  /** Why the desk rejected the action. */
  refused: string | undefined
}

/** Returns whether an action has completed or has become impossible. */
const SETTLED = {
  accept: ({ state }) => state !== 'new',
  fill: isDone,
  cancel: isDone,
} satisfies Record<Action, (order: Order) => boolean>

/** The live book of the desk, with the user's pending actions on top. */
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
    /** Orders that match the filter, newest first. */
    shown(): ShownOrder[] {
      const { asked, refused, filter } = this
      return this.found
        .filter(({ state }) => filter.state === 'all' || state === filter.state)
        .toSorted((a, b) => b.id - a.id)
        .map((order) => ({ ...order, asked: unsettled(order, asked[order.id]), refused: refused[order.id] }))
    },
    /** Counts the matching orders, by state. */
    count(): (state: OrderState | 'all') => number {
      return (state) => this.found.filter((order) => state === 'all' || order.state === state).length
    },
  },

  actions: {
    /** Shows an action at once, and reverts it if the desk rejects it. The channel confirms it. */
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
