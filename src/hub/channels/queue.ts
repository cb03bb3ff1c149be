/** A first-in, first-out queue. `shift` takes constant time on average; an array's moves every item that stays. */
export interface Queue<T> {
  readonly length: number
  at(index: number): T | undefined
  push(item: T): void
  /** Removes the first item and returns it. */
  shift(): T | undefined
}

export function createQueue<T>(): Queue<T> {
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
      if (length() === 0) return undefined
      const item = items[first]
      items[first] = undefined
      first += 1
      if (first * 2 >= items.length) {
        items = items.slice(first)
        first = 0
      }
      return item
    },
  }
}
