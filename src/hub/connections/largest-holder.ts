interface Sized {
  /** In bytes. */
  readonly size: number
}

/** What the connections of one address hold. */
export interface Share<Holder extends Sized> extends Sized {
  readonly holders: ReadonlySet<Holder>
}

/** Returns the largest holder of the address that holds most. */
export const largestHolder = <Holder extends Sized>(shares: ReadonlyMap<string, Share<Holder>>): Holder | undefined =>
  largest(largest(shares.values())?.holders ?? [])

/** Returns the largest item. */
export function largest<Item extends Sized>(items: Iterable<Item>): Item | undefined {
  let found: Item | undefined
  for (const item of items) if (!found || item.size > found.size) found = item
  return found
}
