/** What an order goes through, in this order; the last two are its end. */
export const ORDER_STATES = ['new', 'open', 'filled', 'cancelled'] as const
export type OrderState = (typeof ORDER_STATES)[number]

/** What a person can ask the desk to do with an order. */
export const ACTIONS = ['accept', 'fill', 'cancel'] as const
export type Action = (typeof ACTIONS)[number]

export interface Order {
  id: number
  side: 'buy' | 'sell'
  symbol: string
  quantity: number
  /** How much of the quantity was traded so far. */
  filled: number
  price: number
  state: OrderState
  /** Was placed not to be cancelled: the desk refuses to. */
  firm: boolean
}

export interface Trade {
  /** Each is the last plus one. */
  n: number
  order: number
  side: Order['side']
  symbol: string
  quantity: number
  price: number
  /** In ms since the epoch. */
  at: number
}

/** The desk as a whole: what a snapshot holds. */
export interface Book {
  byId: Record<number, Order>
  /** The number of the last trade; 0: none yet. */
  trades: number
  /** While it is closed, orders change only where somebody asks. */
  market: 'open' | 'closed'
}

/** What the channel carries: each message is one change of the book. */
export type DeskMessage =
  | { kind: 'order'; order: Order; trade?: Trade }
  | { kind: 'cleared'; id: number }
  | { kind: 'market'; market: Book['market'] }

/** Whether nothing can happen to it any more. */
export const isDone = ({ state }: Order): boolean => state === 'filled' || state === 'cancelled'
