/** The states of an order, in sequence. The last two are final. */
export const ORDER_STATES = ['new', 'open', 'filled', 'cancelled'] as const
export type OrderState = (typeof ORDER_STATES)[number]

/** The actions on an order. */
export const ACTIONS = ['accept', 'fill', 'cancel'] as const
export type Action = (typeof ACTIONS)[number]

export interface Order {
  id: number
  side: 'buy' | 'sell'
  symbol: string
  quantity: number
  /** The traded part of the quantity. */
  filled: number
  price: number
  state: OrderState
  /** A firm order cannot be cancelled. */
  firm: boolean
}

export interface Trade {
  /** Increases by one with each trade. */
  n: number
  order: number
  side: Order['side']
  symbol: string
  quantity: number
  price: number
  /** In ms since the epoch. */
  at: number
}

/** The state of the desk, as in a snapshot. */
export interface Book {
  byId: Record<number, Order>
  /** The number of the last trade, or 0. */
  trades: number
  /** While it is closed, orders change only by user actions. */
  market: 'open' | 'closed'
}

/** A message of the channel: one change of the book. */
export type DeskMessage =
  | { kind: 'order'; order: Order; trade?: Trade }
  | { kind: 'cleared'; id: number }
  | { kind: 'market'; market: Book['market'] }

/** Returns whether an order is final. */
export const isDone = ({ state }: Order): boolean => state === 'filled' || state === 'cancelled'
