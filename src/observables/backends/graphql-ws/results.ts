import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { SourceMessage } from '../../events.ts'
import { contentBy, cursorOf, fieldsOf, jsonOf, shown, textOf, type Fields } from '../json-frame.ts'
import type { GraphqlWsOptions } from './options.ts'

/** Returns the message of a result. A result with errors is `invalid`, although it may have data. */
export function messageOf(
  result: Fields,
  positionOf: NonNullable<GraphqlWsOptions['cursor']>,
): Omit<SourceMessage, 'type'> {
  const { data, errors } = result
  const isComplete = errors === undefined || errors === null || (Array.isArray(errors) && errors.length === 0)
  let cursor: string | undefined
  const content = contentBy(() => {
    if (!('data' in result)) throw new PushError('invalid-message', DEV && 'The result has no `data`.')
    if (isComplete || fieldsOf(data) === data) cursor = cursorOf(positionOf(data))
    return jsonOf(isComplete ? data : { data, errors })
  })
  const error = isComplete
    ? content.error
    : new PushError('invalid-message', DEV && `The result has errors: ${reasonsOf(errors)}.`)
  return { event: 'message', ...content, ...(error && { error }), cursor }
}

/** Whether the server no longer has the cursor that it was sent. */
export const isCursorGone = (errors: unknown): boolean => codesOf(errors).includes('CURSOR_GONE')

/** Returns the error of a subscription that the server rejected. */
export const rejected = (topic: string, errors: unknown): PushError =>
  new PushError(
    codesOf(errors).includes('UNAUTHENTICATED') ? 'unauthorized' : 'rejected',
    DEV && `The server rejected the subscription "${topic}": ${reasonsOf(errors)}.`,
  )

/** Returns the codes of GraphQL errors, where the server states them. */
const codesOf = (errors: unknown): readonly unknown[] =>
  Array.isArray(errors) ? errors.map((error) => fieldsOf(fieldsOf(error)['extensions'])['code']) : []

/** Returns the messages of GraphQL errors. */
const reasonsOf = (errors: unknown): string =>
  Array.isArray(errors)
    ? errors.map((error) => textOf(fieldsOf(error)['message']) ?? shown(error)).join(', ')
    : shown(errors)
