import type { Attempt, Outcome, Refusal } from '../http/http-errors.ts'

/** The outcomes of the messages of one publisher. */
export interface Outcomes {
  /** In units. */
  readonly size: number
  /**
   * Returns the outcome of the first attempt at a message, or attempts to publish it.
   *
   * @param id Its number, or a key that the client chose. A number that is forgotten is refused with 409.
   * @param content Identifies the content of a message with a key. Another one with the same key is refused with 422.
   */
  once(id: number | string, attempt: Attempt, content?: string): Outcome | Promise<Outcome>
  /** Forgets all outcomes. From now on, only the latest one is stored. */
  forget(): void
}

/** What is remembered of one publisher, in units. The oldest outcomes are forgotten first. */
const MAX_SIZE = 10_000

/** A unit of text, in characters. An outcome without text is one unit. */
const UNIT = 128

const FORGOTTEN: Refusal = {
  status: 409,
  message: 'Message not published: the hub does not know any more whether it was published before.',
}

const REUSED: Refusal = {
  status: 422,
  message:
    'Idempotency-Key used before for a message with another channel, body, content type or event. Draw another key.',
}

interface Kept {
  readonly outcome: Outcome | Promise<Outcome>
  readonly content: string
  /** In units. */
  readonly size: number
}

/** @param count Called with each change of the size. */
export function createOutcomes(count: (added: number) => void): Outcomes {
  const all = new Map<number | string, Kept>()
  let size = 0
  let limit = MAX_SIZE
  let forgotten = -1

  const resize = (added: number) => {
    size += added
    count(added)
  }
  const remove = (id: number | string, kept: Kept) => {
    all.delete(id)
    resize(-kept.size)
  }
  /** Stores the outcome of a message without changing its position in the order. Returns the stored entry. */
  const keep = (id: number | string, content: string, outcome: Kept['outcome']): Kept => {
    const kept = { outcome, content, size: sizeOf(id, content, outcome) }
    resize(kept.size - (all.get(id)?.size ?? 0))
    all.set(id, kept)
    forgetOldest(kept)
    return kept
  }
  /** Forgets the oldest outcomes until the size is within the limit, but not `last`. */
  const forgetOldest = (last?: Kept) => {
    for (const [oldest, each] of all) {
      if (size <= limit || each === last) return
      remove(oldest, each)
      if (typeof oldest === 'number') forgotten = Math.max(forgotten, oldest)
    }
  }

  return {
    get size() {
      return size
    },
    once(id, attempt, content = '') {
      const present = all.get(id)
      if (present) return present.content === content ? present.outcome : REUSED
      if (typeof id === 'number' && id <= forgotten) return FORGOTTEN
      const outcome = attempt()
      if (!(outcome instanceof Promise)) {
        if (isFinal(outcome)) keep(id, content, outcome)
        return outcome
      }
      const pending = outcome.then((settled) => {
        // It may have been forgotten in the meantime.
        if (all.get(id) !== kept) return settled
        if (isFinal(settled)) keep(id, content, settled)
        else remove(id, kept)
        return settled
      })
      const kept = keep(id, content, pending)
      return pending
    },
    forget() {
      limit = 0
      forgetOldest()
    },
  }
}

/** Whether the outcome is final. After a refusal with `Retry-After`, or with 429, another attempt may succeed. */
const isFinal = (outcome: Outcome): boolean =>
  !('status' in outcome) || (outcome.headers?.['Retry-After'] === undefined && outcome.status !== 429)

function sizeOf(id: number | string, content: string, outcome: Kept['outcome']): number {
  const own = content.length + (typeof id === 'string' ? id.length : 0)
  const text = outcome instanceof Promise ? '' : 'status' in outcome ? outcome.message : (outcome.reply ?? '')
  return 1 + Math.ceil((own + text.length) / UNIT)
}
