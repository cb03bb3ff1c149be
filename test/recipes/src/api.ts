import type { Order } from './channels'

/** A server needs an absolute URL. */
const site = (): string => (typeof location === 'undefined' ? (process.env['SITE'] ?? '') : location.origin)

export async function fetchOrders(account: string, signal: AbortSignal) {
  const response = await fetch(new URL(`/api/orders/${account}`, site()), { signal })
  return (await response.json()) as { cursor?: string; byId: Record<string, Order> }
}
