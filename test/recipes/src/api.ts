import type { Order } from './channels'

/** On a server an address must be whole. */
const site = (): string => (typeof location === 'undefined' ? (process.env['SITE'] ?? '') : location.origin)

export async function fetchOrders(account: string, signal: AbortSignal) {
  const answer = await fetch(new URL(`/api/orders/${account}`, site()), { signal })
  return (await answer.json()) as { cursor?: string; byId: Record<string, Order> }
}
