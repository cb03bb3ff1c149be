import type { Refusal } from '../http/http-errors.ts'
import type { Command } from './commands.ts'
import { replaceToken } from './replace-token.ts'
import type { SessionChannels } from './session-channels.ts'
import type { Sender } from './sessions.ts'

/** The least time between two tokens of a session, in ms, because `authorize` runs again for each of its channels. */
const LEAST_INTERVAL = 1_000

const TOO_OFTEN: Refusal = {
  status: 429,
  message: 'Token not replaced: a session may replace it once per second, after its channels are decided.',
  headers: { 'Retry-After': 1 },
}

/** The session of the identity. */
export interface IdentityOwner {
  tell(head: object): void
  refuse(id: number, refusal: Refusal): void
}

/** The client of one session, with its current token. It is a class because a hub has thousands of sessions. */
export class SessionIdentity {
  /** The request of the session, with its present token. */
  sender: Sender
  private readonly now: () => number
  private readonly channels: SessionChannels
  private readonly owner: IdentityOwner
  private renewedAt = -Infinity
  private isDeciding = false

  constructor(sender: Sender, now: () => number, channels: SessionChannels, owner: IdentityOwner) {
    this.sender = sender
    this.now = now
    this.channels = channels
    this.owner = owner
  }

  /**
   * Continues with another token, and decides the channels again. `sender`: who sent the command. A POST is a request of
   * its own, which carries the new token already.
   */
  renew(command: Extract<Command, { kind: 'token' }>, sender: Sender): void {
    const { id } = command
    if (this.isDeciding || this.now() - this.renewedAt < LEAST_INTERVAL) return this.owner.refuse(id, TOO_OFTEN)
    const isOwn = sender === this.sender
    const renewed = isOwn ? replaceToken(sender, command) : sender
    if ('status' in renewed) return this.owner.refuse(id, renewed)
    if (isOwn) this.sender = renewed
    this.renewedAt = this.now()
    this.isDeciding = true
    void this.channels.decideAgain(renewed).then(() => {
      this.isDeciding = false
      this.owner.tell({ ok: id })
    })
  }
}
