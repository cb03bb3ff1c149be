import { isDone, type Action, type Book, type DeskMessage, type Order } from '../orders/order.ts'

/** Returns why an action on an order is not possible; undefined if it is. */
const REFUSALS = {
  accept: ({ id, state }) => (state === 'new' ? undefined : `order ${id} is ${state} already`),
  fill: ({ id, state }) =>
    state === 'open'
      ? undefined
      : state === 'new'
        ? `order ${id} is not accepted yet`
        : `order ${id} is ${state} already`,
  cancel(order) {
    if (isDone(order)) return `order ${order.id} is ${order.state} already`
    return order.firm ? `order ${order.id} is firm, and stays until it is filled` : undefined
  },
} satisfies Record<Action, (order: Order) => string | undefined>

const SYMBOLS = [
  ['ACME', 12.5],
  ['BOREAL', 48.2],
  ['CINDER', 7.85],
  ['DELTA', 103.4],
] as const

/** The number of orders in the book: final ones are removed first. */
const KEPT = 16
const LIVE = 10
const FIRST = 8
const MARKET_MS = 800

export interface DeskOptions {
  /** Receives every change, at the time of the change. */
  publish: (message: DeskMessage) => void
  /** From 0 up to 1. @default Math.random */
  random?: () => number
}

/** An order desk in memory, with a market that places and fills. */
export function createDesk({ publish, random = Math.random }: DeskOptions) {
  const book: Book = { byId: {}, trades: 0, market: 'open' }
  let last = 0

  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  const inState = (state: Order['state']) => Object.values(book.byId).filter((order) => order.state === state)

  const change = (order: Order, changes: Partial<Order>, quantity = 0) => {
    const changed = { ...order, ...changes, filled: order.filled + quantity }
    if (changed.filled === changed.quantity) changed.state = 'filled'
    book.byId[order.id] = changed
    if (quantity === 0) return publish({ kind: 'order', order: changed })
    const { id, side, symbol, price } = order
    book.trades += 1
    const trade = { n: book.trades, order: id, side, symbol, quantity, price, at: Date.now() }
    publish({ kind: 'order', order: changed, trade })
  }

  const place = () => {
    const [symbol, around] = pick(SYMBOLS) ?? SYMBOLS[0]
    last += 1
    const order: Order = {
      id: last,
      side: random() < 0.5 ? 'buy' : 'sell',
      symbol,
      quantity: 10 * (1 + Math.floor(random() * 20)),
      filled: 0,
      price: Number((around * (0.98 + random() * 0.04)).toFixed(2)),
      state: 'new',
      firm: last % 4 === 0,
    }
    change(order, {})
    const all = Object.values(book.byId)
    for (const { id } of all.filter(isDone).slice(0, Math.max(0, all.length - KEPT))) {
      delete book.byId[id]
      publish({ kind: 'cleared', id })
    }
    return order
  }

  const fillSome = (order: Order) => {
    const rest = order.quantity - order.filled
    change(order, {}, Math.min(rest, 10 * Math.ceil((rest / 10) * random()) || 10))
  }

  /** Makes the market's next move. */
  const trade = (): void => {
    const [placed, open] = [inState('new'), inState('open')]
    const chance = random()
    if (chance < 0.3 && placed.length + open.length < LIVE) return void place()
    const [oldest] = placed
    if (oldest && chance < 0.65) return change(oldest, { state: 'open' })
    const order = pick(open)
    if (order) fillSome(order)
    else place()
  }

  const DO = {
    accept: (order) => change(order, { state: 'open' }),
    fill: (order) => change(order, {}, order.quantity - order.filled),
    cancel: (order) => change(order, { state: 'cancelled' }),
  } satisfies Record<Action, (order: Order) => void>

  for (let n = 0; n < FIRST; n++) place()
  for (const order of inState('new').slice(0, FIRST / 2)) change(order, { state: 'open' })
  const market = setInterval(() => book.market === 'open' && trade(), MARKET_MS)

  return {
    book: book as Readonly<Book>,
    place,
    /** Performs an action, or returns why it is not possible. */
    act(id: number, action: Action): string | undefined {
      const order = book.byId[id]
      if (!order) return `order ${id} is not in the book any more`
      const refused = REFUSALS[action](order)
      if (refused === undefined) DO[action](order)
      return refused
    },
    setMarket(market: Book['market']) {
      book.market = market
      publish({ kind: 'market', market })
    },
    close: () => clearInterval(market),
  }
}

export type Desk = ReturnType<typeof createDesk>
