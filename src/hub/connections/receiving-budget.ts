/** Limits how much the messages have that `receive` decides at a time. */
export interface ReceivingBudget {
  /** Counts a message of an address until the returned function is called. Undefined: there is no room. */
  enter(address: string, bytes: number): (() => void) | undefined
}

/** The part of the limit that one address may use. */
const SHARE = 4

/**
 * Creates the budget of one hub. A message that `receive` has begun to decide cannot be dropped for another: the
 * application has it, and may have stored it. So each address has a part of the room. There is always room for the first
 * message, of any size.
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
