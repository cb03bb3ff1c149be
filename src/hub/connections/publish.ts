import { isUtf8 } from 'node:buffer'
import { isText } from '../../wire/media-type.ts'
import { ENVELOPE, typeOf, type Publication } from '../channels/message.ts'
import { NO_ROOM, refusalOf, type Outcome } from '../http/http-errors.ts'
import type { Report } from '../report.ts'
import { callAsync } from '../security/callbacks.ts'
import { RECEIVE_TIMEOUT, parseReply, rejectionOf, type Receive } from '../security/receive.ts'
import type { Sender } from '../sessions/sessions.ts'
import type { ReceivingBudget } from './receiving-budget.ts'

/** Publishes a message of a client that may publish it. It neither throws nor rejects. */
export type PublishMessage = (channel: string, publication: Publication, sender: Sender) => Outcome | Promise<Outcome>

export interface PublishOptions {
  readonly receive: Receive | undefined
  /** Checks whether a message can be published now. @throws HubError */
  readonly check: (channel: string, publication: Publication) => void
  /** @throws HubError */
  readonly publish: (channel: string, publication: Publication) => { readonly subscribers: number }
  readonly receiving: ReceivingBudget
  readonly report: Report
}

/** Returns the function that publishes every message of a client. If `receive` is set, it accepts or rejects each one first. */
export function createPublish({ receive, check, publish, receiving, report }: PublishOptions): PublishMessage {
  const publishNow = (channel: string, publication: Publication, reply?: string): Outcome => {
    try {
      const { subscribers } = publish(channel, publication)
      return { subscribers, reply }
    } catch (error) {
      return refusalOf(error, report)
    }
  }
  if (!receive) return (channel, publication) => publishNow(channel, publication)

  return (channel, { body, contentType, event }, { client, query }) => {
    // A copy, because a slice would keep the whole packet in memory, and the application may modify the bytes.
    const type = typeOf({ body, contentType })
    const bytes = Buffer.from(body)
    const data = isText(type) && isUtf8(bytes) ? bytes.toString() : Uint8Array.from(bytes)
    const own = { body: typeof data === 'string' ? data : bytes, contentType: type, event }
    try {
      check(channel, own)
    } catch (error) {
      return refusalOf(error, report)
    }
    const { headers, clientIp, limitKey } = client
    const leave = receiving.enter(limitKey, bytes.length + ENVELOPE)
    if (!leave) return NO_ROOM
    const message = { channel, data, contentType: type, event, headers, query, clientIp }
    return callAsync('receive', () => receive(message), parseReply, {
      within: RECEIVE_TIMEOUT,
      report,
      refusalOf: rejectionOf,
    }).then((result) => {
      leave()
      return 'status' in result ? result : publishNow(channel, own, result.reply)
    })
  }
}
