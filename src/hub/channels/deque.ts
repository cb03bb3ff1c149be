/** First in, first out. What leaves costs nothing, however many stay: an array would move all of them. */
export interface Fifo<T> {
  readonly length: number
  at(index: number): T | undefined
  push(item: T): void
  /** Drops the first. */
  shift(): void
}

export function fifo<T>(): Fifo<T> {
  let items: (T | undefined)[] = []
  let first = 0
  const length = () => items.length - first
  return {
    get length() {
      return length()
    },
    at: (index) => (index < 0 ? undefined : items[first + index]),
    push: (item) => void items.push(item),
    shift() {
      if (length() === 0) return
      items[first] = undefined
      first += 1
      if (first * 2 < items.length) return
      items = items.slice(first)
      first = 0
    },
  }
}
