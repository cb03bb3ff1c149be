// Options never change, so no client learns from this map what another client does. A copy of an object is another object.
const recorded = /* @__PURE__ */ new WeakMap<object, readonly unknown[]>()

/** Records which function made an object, and from which options, so that `equalOptions` can compare it. */
export function recordOptions<T extends object>(maker: unknown, options: readonly unknown[], made: T): T {
  recorded.set(made, [maker, ...options])
  return made
}

/**
 * Returns whether two values are the same, or were made by the same function from equal options. Functions given by the
 * user are equal only if they are the same function.
 */
export function equalOptions(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  const [as, bs] = [partsOf(a), partsOf(b)]
  return !!as && as.length === bs?.length && as.every((part, index) => equalOptions(part, bs[index]))
}

const partsOf = (value: unknown): readonly unknown[] | undefined =>
  Array.isArray(value) ? value : recorded.get(value as object)

/** Returns a function that maps each value to the first equal value still in use. `optionsOf` lists the values to compare. */
export function firstEqual<T extends object>(optionsOf: (value: T) => readonly unknown[]): (value: T) => T {
  let firsts: readonly WeakRef<T>[] = []
  return (value) => {
    firsts = firsts.filter((first) => first.deref())
    const options = optionsOf(value)
    for (const first of firsts) {
      const other = first.deref()
      if (other && equalOptions(optionsOf(other), options)) return other
    }
    firsts = [...firsts, new WeakRef(value)]
    return value
  }
}
