/** Limits the size of the messages for which `receive` has not returned yet. */
export interface ReceivingBudget {
  /**
   * Adds a message to those of its address. Returns a function that removes it, or undefined if the limit would be
   * exceeded.
   */
  enter(address: string, bytes: number): (() => void) | undefined
}

/** One address may use this fraction of the limit: a quarter. */
const SHARE = 4

/**
 * Creates the budget of one hub. After `receive` was called with a message, the message cannot be dropped in favor of
 * another one, because the application may have stored it. Each address therefore has a limit of its own. The first message
 * is always accepted, whatever its size.
 *
 * @param max In bytes.
 */
export function createReceivingBudget(max: number): ReceivingBudget {
  const shares = new Map<string, number>()
  let total = 0

  const fits = (held: number, bytes: number, limit: number) => held === 0 || held + bytes <= limit
  const count = (address: string, bytes: number) => {
    const share = (shares.get(address) ?? 0) + bytes
    total += bytes
    if (share > 0) shares.set(address, share)
    else shares.delete(address)
  }

  return {
    enter(address, bytes) {
      if (!fits(shares.get(address) ?? 0, bytes, max / SHARE) || !fits(total, bytes, max)) return undefined
      count(address, bytes)
      return () => count(address, -bytes)
    },
  }
}
