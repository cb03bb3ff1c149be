import type { FrameHead } from '../../../wire/session-frames.ts'
import type { Payload } from '../../events.ts'
import type { OutgoingMessage, SessionPort } from '../../session/conversation.ts'
import { forgotten, rejection, sendRejection } from './rejections.ts'

/** A message, and the topic that it is published to. */
export interface Publication {
  readonly topic: string
  readonly data: Payload
  readonly message: OutgoingMessage
}

export interface PublicationsOptions {
  readonly clientId: string
  /** Writes a command, and calls one of the functions with the response. */
  readonly request: (
    head: FrameHead,
    body: Payload | undefined,
    responder: { ok(head: FrameHead): void; error(head: FrameHead): void },
  ) => void
  readonly port: SessionPort
}

/** The messages that one connection publishes. Each has a number, so that the hub publishes it once. */
export interface Publications {
  publish(publication: Publication): void
}

/** Creates them. Before the first one, the client names itself, and messages wait for the response. */
export function createPublications({ clientId, request, port }: PublicationsOptions): Publications {
  /** What the hub remembers of this client. Undefined: it was not asked. */
  let memory: string | undefined
  let waiting: Publication[] | undefined

  const introduce = () =>
    request({ publisher: clientId }, undefined, {
      ok(head) {
        memory = String(head['memory'])
        const present = waiting ?? []
        waiting = undefined
        for (const each of present) publish(each)
      },
      error: (head) => port.refused(rejection(undefined, head)),
    })

  const publish = (publication: Publication) => {
    if (memory === undefined) {
      if (waiting) return void waiting.push(publication)
      waiting = [publication]
      return introduce()
    }
    const { topic, data, message } = publication
    const { key } = message
    // A hub with another memory cannot tell whether it published the message before.
    if (message.memory !== undefined && message.memory !== memory) return port.sendRejected(key, forgotten())
    message.memory = memory
    request({ publish: topic, number: key }, data, {
      ok: ({ reply }) => port.acknowledged(key, reply),
      error: (head) => port.sendRejected(key, sendRejection(head)),
    })
  }

  return { publish }
}
