interface Sized {
  /** In bytes. */
  readonly size: number
}

/** What the connections of one address hold. */
export interface Share<Holder extends Sized> extends Sized {
  readonly holders: ReadonlySet<Holder>
}

/** The largest holder of the address that holds most. */
export const largestOfShares = <Holder extends Sized>(shares: ReadonlyMap<string, Share<Holder>>): Holder | undefined =>
  largest(largest(shares.values())?.holders ?? [])

function largest<One extends Sized>(all: Iterable<One>): One | undefined {
  let found: One | undefined
  for (const one of all) if (!found || one.size > found.size) found = one
  return found
}
