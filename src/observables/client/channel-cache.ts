/**
 * Creates a cache with one value for each key and name. A value is created at first use, and is kept as long as something
 * else references it. A page that reads ten thousand channels in turn keeps only those in use.
 */
export function channelCache<K extends object, V extends object>() {
  const caches = new WeakMap<K, Map<string, WeakRef<V>>>()
  /** Keeps the key of each value, which nothing else may reference, for as long as the value. */
  const keys = new WeakMap<V, K>()
  const collected = new FinalizationRegistry<{ values: Map<string, WeakRef<V>>; name: string }>(({ values, name }) => {
    // A later value may have the same name.
    if (!values.get(name)?.deref()) values.delete(name)
  })
  return (key: K, name: string, make: () => V): V => {
    const values = caches.get(key) ?? new Map<string, WeakRef<V>>()
    caches.set(key, values)
    const present = values.get(name)?.deref()
    if (present) return present
    const value = make()
    keys.set(value, key)
    values.set(name, new WeakRef(value))
    collected.register(value, { values, name })
    return value
  }
}
