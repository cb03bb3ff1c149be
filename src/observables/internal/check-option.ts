import { PushError } from '../errors.ts'

/**
 * Checks an option at the edge, where a type does not hold: what cannot work is told when it is given, and not when it
 * is first used. Of what a compiler tells only development is told, so that it costs no bundle anything; what may come
 * from a configuration is checked always.
 *
 * @throws PushError `invalid-option`
 */
export function checkOption(fits: boolean, said: string | false): void {
  if (!fits) throw new PushError('invalid-option', said)
}

/** Whether a value is a list of names. */
export const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')
