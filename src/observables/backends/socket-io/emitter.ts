import type { SessionPort } from '../../session/conversation.ts'
import { pendingReplies } from '../pending-replies.ts'
import type { SocketIoEvent } from './options.ts'
import { ACK, CONNECT, EVENT, writePacket, type Packet } from './packets.ts'

/** Receives the arguments of an acknowledgement callback. */
export type OnReply = (args: readonly unknown[]) => void

/** Writes the packets of one namespace, and passes acknowledgements to those who wait for them. */
export function emitter(namespace: string, port: Pick<SessionPort, 'write'>) {
  let lastId = -1
  const replies = pendingReplies<number, OnReply>()
  const write = (type: Parameters<typeof writePacket>[0], data: unknown, id?: number) => {
    for (const frame of writePacket(type, namespace, data, id)) port.write(frame)
  }

  return {
    connect: (auth: Readonly<Record<string, unknown>>) =>
      write(CONNECT, Object.keys(auth).length > 0 ? auth : undefined),
    /** Emits an event. With `reply` it asks for an acknowledgement. */
    emit(event: SocketIoEvent, reply?: OnReply) {
      if (!reply) return write(EVENT, event)
      replies.add((lastId += 1), reply)
      write(EVENT, event, lastId)
    },
    /** Acknowledges an event of the server. */
    acknowledge: (id: number) => write(ACK, [], id),
    /** The server acknowledged an event. */
    replied({ ackId = -1, data }: Packet) {
      replies.take(ackId)?.(Array.isArray(data) ? data : [])
    },
  }
}
