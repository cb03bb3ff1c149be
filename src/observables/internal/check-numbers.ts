import { PushError } from '../errors.ts'
import { DEV } from './dev.ts'

/**
 * Checks numeric options at the edge: each is absent, or a number that is not below `least`. `Infinity` is one.
 *
 * @throws PushError `invalid-option`
 */
export function checkNumbers(owner: string, options: Readonly<Record<string, unknown>>, least = 0): void {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !(typeof value === 'number' && value >= least))
      throw new PushError(
        'invalid-option',
        DEV && `${owner}: ${name} is ${String(value)}, and must be ${least} or more`,
      )
}
