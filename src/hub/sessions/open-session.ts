import { randomBytes } from 'node:crypto'
import type { Intent } from '../connections/admit.ts'
import type { InboundAccount } from '../connections/inbound-budget.ts'
import type { Sink } from '../connections/sink.ts'
import type { Encoder } from '../encoders/encoder.ts'
import type { HubContext } from '../hub-context.ts'
import { Session } from './session.ts'
import type { Sender } from './sessions.ts'
import { StreamOutput } from './stream-output.ts'

/** Draws the id of a session, which its client alone knows. */
export const drawSessionId = (): string => randomBytes(16).toString('hex')

export interface StreamSessionOptions {
  /** The request that opens the session. */
  readonly sender: Sender
  readonly technique: Intent['technique']
  readonly sink: Sink
  /** Encodes frames as messages of a stream. Undefined: the sink takes frames. */
  readonly encoder?: Encoder
  readonly account: InboundAccount
  readonly pause?: () => void
  readonly resume?: () => void
}

/** Opens a session on a connection that stays open. */
export function openStreamSession(
  context: HubContext,
  { sender, technique, sink, encoder, ...reading }: StreamSessionOptions,
): Session {
  const id = drawSessionId()
  const output = new StreamOutput({
    ...context,
    limitKey: sender.client.limitKey,
    sink,
    encoder,
    id,
    onRoom: () => session.onRoom(),
  })
  const session = new Session({ context, id, technique, sender, output, ...reading })
  const remove = context.connections.add(session)
  context.sessions.set(id, { session })
  sink.onClose(() => {
    remove()
    context.sessions.delete(id)
    session.close()
  })
  return session
}
