import type { SessionPort } from '../../session/conversation.ts'
import { fieldsOf, type Fields } from '../json-frame.ts'
import { pendingReplies } from '../pending-replies.ts'
import { messageRejected } from './rejections.ts'

/** Receives the error of a reply, or the result. */
type Replied = (error: Fields | undefined, result: Fields) => void

/** Writes commands, which have numbers, and reads the replies to them. */
export function commandTable(port: SessionPort) {
  let lastId = 0
  const waiting = new Map<number, { readonly method: string; readonly replied: Replied }>()
  /** The keys of messages, by the number of their command. */
  const sent = pendingReplies<number, number>()

  const write = (method: string, params: Fields) => {
    lastId += 1
    port.write(JSON.stringify({ id: lastId, [method]: params }))
  }
  return {
    write(method: string, params: Fields, replied: Replied = () => {}) {
      waiting.set(lastId + 1, { method, replied })
      write(method, params)
    },
    /** Publishes the message of a key. */
    publish(params: Fields, key: number) {
      sent.add(lastId + 1, key)
      write('publish', params)
    },
    /** Reads a reply. One to an unknown command is ignored. */
    read(frame: Fields) {
      const id = frame['id'] as number
      const error = frame['error'] === undefined ? undefined : fieldsOf(frame['error'])
      const key = sent.take(id)
      if (key !== undefined) return error ? port.sendRejected(key, messageRejected(error)) : port.acknowledged(key)
      const command = waiting.get(id)
      waiting.delete(id)
      command?.replied(error, fieldsOf(frame[command.method]))
    },
  }
}
