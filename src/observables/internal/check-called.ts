import { PushError } from '../errors.ts'
import { DEV } from './dev.ts'

/** The error for an option that is a factory, where what the factory returns is needed, or that is something else. */
export const notCalled = (option: string, value: unknown): PushError =>
  new PushError(
    'invalid-option',
    DEV &&
      (typeof value === 'function' && value.name
        ? `\`${option}\` cannot be used: ${value.name} was not called. Write \`${option}: ${value.name}()\`.`
        : `\`${option}\` cannot be used: it is ${String(value)}. Give what a function of this library returns.`),
  )
