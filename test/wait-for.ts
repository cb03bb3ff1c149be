import { vi } from 'vitest'

/** A deadline for what hangs, in ms, and not a bound of what is tested: the machine may be busy. */
const DEADLINE = 60_000

/** Resolves when a check passes, which is made every `interval` ms. */
export const waitFor = <T>(check: () => T | Promise<T>, { interval = 50 } = {}): Promise<T> =>
  vi.waitFor(check, { timeout: DEADLINE, interval })
