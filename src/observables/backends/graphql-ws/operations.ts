import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import { fieldsOf, jsonOf, shown } from '../json-frame.ts'
import type { GraphqlOperation, GraphqlWsOptions } from './options.ts'

/** The topic is the operation itself. */
export function queryOf(topic: string): GraphqlOperation {
  if (!/^\s*\{\s*"/.test(topic)) return { query: topic }
  try {
    return JSON.parse(topic) as GraphqlOperation
  } catch (cause) {
    throw new PushError('invalid-option', DEV && `The topic ${topic} is no JSON. Use JSON.stringify().`, { cause })
  }
}

/** Returns the operation of a topic, and whether the cursor is part of it. */
export function payloadOf(
  operation: NonNullable<GraphqlWsOptions['operation']>,
  topic: string,
  cursor: string | undefined,
): { readonly payload: GraphqlOperation; readonly resumes: boolean } {
  const payload = checked(operation(topic, { cursor }), topic)
  const resumes = cursor !== undefined && jsonOf(payload) !== jsonOf(operation(topic, { cursor: undefined }))
  return { payload, resumes }
}

/** A server closes the connection of all topics if one operation has another shape. */
function checked(operation: GraphqlOperation, topic: string): GraphqlOperation {
  const { query, variables } = fieldsOf(operation)
  const isObject = variables === undefined || variables === null || fieldsOf(variables) === variables
  if (typeof query === 'string' && isObject) return operation
  const given = operation instanceof Promise ? 'a promise' : shown(operation)
  throw new PushError(
    'invalid-option',
    DEV && `The operation of topic "${topic}" is ${given}. It must be { query } or { query, variables }.`,
  )
}
