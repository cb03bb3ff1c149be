import { PushError } from '../errors.ts'
import { DEV } from './dev.ts'

/**
 * Checks one option when it is passed, so that a wrong one fails at once and not at its first use. Mistakes that a
 * compiler finds are checked in development only, to save bytes. Options that may come from a configuration are always checked.
 *
 * @param message What `wrongOption` returns.
 * @throws PushError `invalid-option`
 */
export function checkOption(valid: boolean, message: string | false): asserts valid {
  if (!valid) throw new PushError('invalid-option', message)
}

/**
 * Checks numeric options: each is absent, or a number that is not below `least`. `Infinity` is allowed.
 *
 * @throws PushError `invalid-option`
 */
export function checkNumbers(owner: string, options: Readonly<Record<string, unknown>>, least = 0): void {
  for (const [name, value] of Object.entries(options))
    checkOption(
      value === undefined || (typeof value === 'number' && value >= least),
      DEV && wrongOption(name, owner, value, `Give a number, ${least} or more.`),
    )
}

/**
 * Checks options that are functions: each is absent, or one. For development only.
 *
 * @throws PushError `invalid-option`
 */
export function checkFunctions<Name extends string>(
  owner: string,
  options: Readonly<Partial<Record<Name, unknown>>>,
  names: readonly Name[],
): void {
  for (const name of names)
    checkOption(
      options[name] === undefined || typeof options[name] === 'function',
      wrongOption(name, owner, options[name], 'Give a function, or leave it out.'),
    )
}

/**
 * Checks that no option is unknown, because a misspelt one would be ignored. For development only.
 *
 * @param names The options that are not known.
 *
 * @throws PushError `invalid-option`
 */
export function checkUnknown(owner: string, [name]: readonly string[]): void {
  checkOption(
    name === undefined,
    `Invalid option \`${name}\` of ${owner}(): there is no such option. Check its spelling.`,
  )
}

/** Returns the message for an option that cannot be used: its name, the function that takes it, its value, and what to give. */
export const wrongOption = (option: string, owner: string, value: unknown, advice: string): string | false =>
  process.env.NODE_ENV !== 'production' &&
  `Invalid option \`${option}\` of ${owner}(): it is ${describe(value)}. ${advice}`

/**
 * Returns the error for a factory that was given without being called, such as `technique: sse` instead of
 * `technique: sse()`, or for another value in its place.
 */
export const notCalled = (option: string, value: unknown): PushError =>
  new PushError(
    'invalid-option',
    process.env.NODE_ENV !== 'production' &&
      (typeof value === 'function' && value.name
        ? `Invalid option \`${option}\`: ${value.name} was not called. Write \`${option}: ${value.name}()\`.`
        : `Invalid option \`${option}\`: it is ${describe(value)}. Give what a function of this library returns.`),
  )

/** Returns whether a value is a list of names. */
export const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')

function describe(value: unknown): string {
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : `"${String(value)}"`
}
