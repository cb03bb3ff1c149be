import type { SessionPort } from '../../session/conversation.ts'
import type { Fields } from '../json-frame.ts'
import { payloadOf } from './operations.ts'
import type { GraphqlWsOptions } from './options.ts'
import { pingTable } from './pings.ts'

/** One subscription of a topic at the server. */
export interface Operation {
  readonly id: string
  readonly topic: string
  /** Whether the server was sent the cursor. */
  readonly resumes: boolean
  /** Whether it follows one that was open, and whose cursor the server no longer had. */
  readonly isAfterLoss: boolean
  isOpen: boolean
}

/** Writes the subscriptions of topics, and keeps those that run. */
export function operationTable(operation: NonNullable<GraphqlWsOptions['operation']>, port: SessionPort) {
  let lastId = 0
  const byId = new Map<string, Operation>()
  const byTopic = new Map<string, Operation>()
  const pings = pingTable()

  const write = (type: string, more: Fields) => port.write(JSON.stringify({ type, ...more }))
  const forget = ({ id, topic }: Operation) => {
    byId.delete(id)
    byTopic.delete(topic)
  }
  const complete = (topic: string) => {
    const running = byTopic.get(topic)
    if (!running) return
    forget(running)
    write('complete', { id: running.id })
  }
  return {
    forget,
    complete,
    /** Subscribes a topic, and returns whether the subscription has the cursor. A ping follows it. */
    begin(topic: string, cursor: string | undefined, isAfterLoss = false): boolean {
      const { payload, resumes } = payloadOf(operation, topic, cursor)
      complete(topic)
      const id = String((lastId += 1))
      write('subscribe', { id, payload })
      port.write(pings.after(id))
      const begun: Operation = { id, topic, resumes, isAfterLoss, isOpen: false }
      byId.set(id, begun)
      byTopic.set(topic, begun)
      return resumes
    },
    get: (id: unknown): Operation | undefined => byId.get(id as string),
    /** The subscription that the server has received, because it replied to the ping after it. */
    before: (pong: unknown): Operation | undefined => byId.get(pings.repliedBy(pong) ?? ''),
    heartbeat: () => pings.after(undefined),
  }
}
