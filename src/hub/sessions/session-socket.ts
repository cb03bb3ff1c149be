import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { WebSocketSink } from '../connections/sink.ts'
import { answerPings, countIncomplete } from '../connections/web-socket.ts'
import type { HubContext } from '../hub-context.ts'
import { openStreamSession } from './open-session.ts'
import type { Sender } from './sessions.ts'

/** Opens a session on a WebSocket, whose messages are frames (PROTOCOL.md section 11). */
export function serveSessionSocket(context: HubContext, socket: WebSocket, transport: Duplex, sender: Sender): void {
  const { client } = sender
  const account = context.inbound.open(client.limitKey, () => socket.terminate())
  countIncomplete(socket, transport, account)
  const session = openStreamSession(context, {
    sender,
    technique: 'webSocket',
    sink: new WebSocketSink(socket, transport),
    account,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  })
  socket.on('message', (data: RawData, binary: boolean) => {
    const frame = data as Buffer
    const refusal = session.receive(binary ? frame : frame.toString())
    if (refusal) session.end(refusal)
  })
  answerPings(socket)
}
