import type { Channel } from '../observables/index.ts'

/** A channel's URL, without the origin where it is the page's own. */
export function nameOf({ url }: Channel<unknown, unknown>): string {
  const { origin, pathname, search } = new URL(url)
  return origin === location.origin ? `${pathname}${search}` : url
}
