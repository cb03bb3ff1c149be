import type { Channel } from 'pinia-push/observables'
import { Subscription, filter, interval, map, merge, scan, startWith } from 'rxjs'
import type { DeskMessage, Trade } from './order.ts'

/** The number of trades on the tape. */
const SHOWN = 12
const MINUTE = 60_000

/** Shows the channel's latest trades and their number per minute in `host`, without a framework. */
export function drawTape(host: HTMLElement, channel: Channel<DeskMessage, never>): Subscription {
  const list = host.querySelector('ol')
  const rate = host.querySelector('output')
  if (!list || !rate) throw new Error('The tape is incomplete: <ol> or <output> is missing.')

  const print = (text: string) => {
    const row = document.createElement('li')
    row.textContent = text
    list.prepend(row)
    while (list.childElementCount > SHOWN) list.lastElementChild?.remove()
    return row
  }

  const trades$ = channel.messages$.pipe(
    map(({ data }) => (data.kind === 'order' ? data.trade : undefined)),
    filter((trade) => trade !== undefined),
  )
  const gaps$ = channel.events$.pipe(filter(({ type }) => type === 'gap'))
  const perMinute$ = merge(trades$, interval(1_000)).pipe(
    scan((recent: readonly Trade[], next) => {
      const all = typeof next === 'number' ? recent : [...recent, next]
      return all.filter(({ at }) => at > Date.now() - MINUTE)
    }, []),
    map(({ length }) => String(length)),
    startWith('0'),
  )

  const subscription = new Subscription()
  subscription.add(trades$.subscribe((trade) => (print(inWords(trade)).dataset['trade'] = String(trade.n))))
  subscription.add(gaps$.subscribe(() => print('Some trades may be missing here')))
  subscription.add(perMinute$.subscribe((count) => (rate.value = count)))
  return subscription
}

const inWords = ({ at, side, quantity, symbol, price }: Trade): string =>
  `${new Date(at).toLocaleTimeString('en-GB')}  ${side === 'buy' ? 'bought' : 'sold'} ${quantity} ${symbol} at ${price.toFixed(2)}`
