import { DEV } from '../../internal/dev.ts'
import { PushError, type PushErrorCode } from '../../errors.ts'
import { shown, type Fields } from '../json-frame.ts'

const EXPIRED = 109

/** The errors that another token may resolve. */
const UNAUTHORIZED: ReadonlySet<unknown> = new Set([101, EXPIRED])

/** The errors that pass, also without `temporary`: internal, and too many requests. */
const TEMPORARY: ReadonlySet<unknown> = new Set([100, 111])

const ALREADY_SUBSCRIBED = 105

/** The codes of an unsubscription from which the client subscribes again. */
const RESUBSCRIBES = 2_500

/** Whether an error states that the channel is subscribed, by an earlier command or by the server. */
export const isSubscribed = ({ code }: Fields): boolean => code === ALREADY_SUBSCRIBED

const codeOf = ({ code, temporary }: Fields): PushErrorCode =>
  UNAUTHORIZED.has(code) ? 'unauthorized' : temporary === true || TEMPORARY.has(code) ? 'unavailable' : 'rejected'

const reasonOf = ({ code, message, reason = message }: Fields): string => `${shown(code)} ${shown(reason)}`

export const connectionRejected = (error: Fields): PushError =>
  new PushError(codeOf(error), DEV && `The server rejected the connection: ${reasonOf(error)}.`)

/** An expired token of a channel is requested again with the next attempt. */
export const topicRejected = (topic: string, error: Fields): PushError =>
  new PushError(
    error['code'] === EXPIRED ? 'unavailable' : codeOf(error),
    DEV && `The server rejected topic "${topic}": ${reasonOf(error)}.`,
  )

export const messageRejected = (error: Fields): PushError =>
  new PushError('send-rejected', DEV && `The server rejected the message: ${reasonOf(error)}.`)

/** Returns the error of a channel that the server unsubscribed. */
export const unsubscribed = (topic: string, push: Fields): PushError =>
  new PushError(
    Number(push['code']) >= RESUBSCRIBES ? 'unavailable' : 'rejected',
    DEV && `The server unsubscribed topic "${topic}": ${reasonOf(push)}.`,
  )
