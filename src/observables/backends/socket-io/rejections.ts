import { DEV } from '../../internal/dev.ts'
import { PushError, fault } from '../../errors.ts'
import { fieldsOf, shown } from '../json-frame.ts'
import type { SocketIoOptions, SocketIoRejection } from './options.ts'

/** Returns why a reply rejects a topic or a message: its `error`, if it has one. */
export function rejectedByError(reply: unknown): SocketIoRejection | false {
  const { error } = fieldsOf(reply)
  return Boolean(error) && { message: shown(error) }
}

export const topicRejected = (topic: string, { message, retry, unauthorized }: SocketIoRejection): PushError =>
  new PushError(
    unauthorized ? 'unauthorized' : retry ? 'unavailable' : 'rejected',
    DEV && `The server rejected topic "${topic}": ${message}.`,
  )

export const messageRejected = ({ message }: SocketIoRejection): PushError =>
  new PushError('send-rejected', DEV && `The server rejected the message: ${message}.`)

/** A middleware rejected the user: nothing else rejects a namespace that exists. */
export function namespaceRejected(namespace: string, data: unknown): PushError {
  const { message } = fieldsOf(data)
  const code = message === 'Invalid namespace' ? 'rejected' : 'unauthorized'
  return new PushError(code, DEV && `The server rejected namespace "${namespace}": ${shown(message)}.`)
}

export const disconnected = (namespace: string): PushError =>
  new PushError(
    'rejected',
    DEV && `The server disconnected namespace "${namespace}". Call reconnect() if the user may connect again.`,
  )

export const closed = (): PushError => new PushError('connection-lost', DEV && 'The server closed the connection.')

/** Returns the error of a reply that rejects a topic or a message; undefined if it accepts it. */
export function rejectionBy(
  rejected: NonNullable<SocketIoOptions['rejected']>,
  reply: unknown,
  describe: (refusal: SocketIoRejection) => PushError,
): PushError | undefined {
  try {
    const refusal = rejected(reply)
    return refusal ? describe(refusal) : undefined
  } catch (cause) {
    return fault(cause, 'prepare-failed', DEV && '`rejected` of socketIo() failed. Correct it.')
  }
}
