/** Counts what was lost, repeated and reordered of `sent` numbered messages. */
export const figuresOf = (numbers: readonly number[], sent: number) => ({
  sent,
  received: numbers.length,
  lost: sent - new Set(numbers).size,
  repeated: numbers.length - new Set(numbers).size,
  reordered: numbers.filter((n, at) => at > 0 && n < (numbers[at - 1] ?? 0)).length,
})

export const inWords = (figures: Record<string, number>) =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${value}`)
    .join('  ')
