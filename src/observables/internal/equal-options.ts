// Facts about objects that never change, so no client sees by them what another does. A copy of an object is another.
const parts = /* @__PURE__ */ new WeakMap<object, readonly unknown[]>()

/** Notes that `maker` made this from those options, so that `alike` can compare it with what else it makes. */
export function madeOf<T extends object>(maker: unknown, options: readonly unknown[], made: T): T {
  parts.set(made, [maker, ...options])
  return made
}

/**
 * Whether two values are the same, or were made by the same function from options that are alike. Functions of the
 * user's are alike only where they are the same one.
 */
export function alike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  const [as, bs] = [partsOf(a), partsOf(b)]
  return !!as && as.length === bs?.length && as.every((part, index) => alike(part, bs[index]))
}

const partsOf = (value: unknown): readonly unknown[] | undefined =>
  Array.isArray(value) ? value : parts.get(value as object)

/** Returns for each value the first that is alike and still in use; `by` lists what is compared. */
export function firstAlike<T extends object>(by: (value: T) => readonly unknown[]): (value: T) => T {
  let firsts: readonly WeakRef<T>[] = []
  return (value) => {
    firsts = firsts.filter((first) => first.deref())
    const compared = by(value)
    for (const first of firsts) {
      const other = first.deref()
      if (other && alike(by(other), compared)) return other
    }
    firsts = [...firsts, new WeakRef(value)]
    return value
  }
}
