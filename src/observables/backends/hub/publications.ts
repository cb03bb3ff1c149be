import { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { DEV } from '../../internal/dev.ts'
import type { OutgoingMessage, SessionPort } from '../../session/conversation.ts'

interface Waiting {
  readonly topic: string
  readonly data: Payload
  readonly message: OutgoingMessage
}

/** What one connection publishes. */
export interface HubPublications {
  /** Publishes a message, as soon as the hub knows this client. @throws PushError `send-rejected` if it is too large */
  send(topic: string, data: Payload, message: OutgoingMessage): void
  /** The hub knows this client, and has this memory of its messages. */
  introduced(memory: string): void
  /** Sets the largest message that the hub takes, in bytes. */
  limit(maxBytes: number): void
}

export interface HubPublicationsOptions {
  readonly port: Pick<SessionPort, 'sendRejected'>
  /** Tells the hub which client this is. */
  readonly introduce: () => void
  readonly publish: (topic: string, key: number, data: Payload) => void
}

/** Publishes each message once: the hub is told first who sends it, and a hub that has forgotten gets no message again. */
export function hubPublications({ port, introduce, publish }: HubPublicationsOptions): HubPublications {
  let maxBytes = Infinity
  let isIntroducing = false
  let memory: string | undefined
  let waiting: Waiting[] = []

  const send = ({ topic, data, message }: Waiting) => {
    if (memory === undefined) {
      waiting.push({ topic, data, message })
      if (!isIntroducing) introduce()
      isIntroducing = true
      return
    }
    const { key } = message
    // A hub with another memory cannot tell whether it published the message before.
    if (message.memory !== undefined && message.memory !== memory) return port.sendRejected(key, forgotten())
    message.memory = memory
    publish(topic, key, data)
  }

  return {
    send(topic, data, message) {
      const size = bytesOf(data, maxBytes)
      if (size > maxBytes) throw tooLarge(size, maxBytes)
      send({ topic, data, message })
    },
    introduced(next) {
      memory = next
      const present = waiting
      waiting = []
      for (const each of present) send(each)
    },
    limit: (next) => void (maxBytes = next),
  }
}

/** The size of a message in bytes; of text that is below a limit for sure, an estimate. */
const bytesOf = (data: Payload, limit: number): number =>
  typeof data === 'string' && data.length * 3 > limit ? new TextEncoder().encode(data).length : data.length

const forgotten = () =>
  new PushError(
    'send-aborted',
    DEV &&
      'The connection was lost before the hub acknowledged the message, and the hub that is reached now does not know it. It may have been published: send it again only if it may come twice.',
  )

const tooLarge = (size: number, limit: number) =>
  new PushError(
    'send-rejected',
    DEV &&
      `Message not sent: it has ${size} bytes, and the hub takes ${limit}. Send less, or raise \`maxMessageBytes\` of the hub.`,
  )
