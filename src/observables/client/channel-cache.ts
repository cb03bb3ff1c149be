/**
 * One value for each key and name, made when it is first asked for, and forgotten when nobody holds it any more: a
 * page that reads a channel for each of ten thousand symbols keeps those that it uses.
 */
export function channelCache<K extends object, V extends object>() {
  const shelves = new WeakMap<K, Map<string, WeakRef<V>>>()
  const collected = new FinalizationRegistry<{ shelf: Map<string, WeakRef<V>>; name: string }>(({ shelf, name }) => {
    // Another value may stand in its place by now.
    if (!shelf.get(name)?.deref()) shelf.delete(name)
  })
  return (key: K, name: string, make: () => V): V => {
    const shelf = shelves.get(key) ?? new Map<string, WeakRef<V>>()
    shelves.set(key, shelf)
    const present = shelf.get(name)?.deref()
    if (present) return present
    const value = make()
    shelf.set(name, new WeakRef(value))
    collected.register(value, { shelf, name })
    return value
  }
}
