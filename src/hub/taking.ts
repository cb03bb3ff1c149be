import type { Publication } from './message.ts'
import type { Refusal } from './refusal.ts'

export interface TakingOptions {
  /** Publishes what the client sends, or says why not. */
  publish: (publication: Publication) => Refusal | undefined | Promise<Refusal | undefined>
  refuse: (refusal: Refusal) => void
  /** Reads no more for now, and again. */
  pause: () => void
  resume: () => void
}

/**
 * Takes what a client sends over its connection: one at a time, in order. Nothing is taken after what was refused,
 * because it would leave a hole in what the client sent.
 */
export function taking({ publish, refuse, pause, resume }: TakingOptions): (publication: Publication) => void {
  let refused = false
  let deciding: Promise<void> | undefined
  const settle = (refusal: Refusal | undefined) => {
    if (!refusal) return
    refused = true
    refuse(refusal)
  }
  const take = (publication: Publication) => (refused ? undefined : publish(publication))
  return (publication) => {
    const decided = deciding ? deciding.then(() => take(publication)) : take(publication)
    if (!(decided instanceof Promise)) return settle(decided)
    // No more is read meanwhile; what was read already waits its turn.
    pause()
    const turn = decided.then(settle).then(() => {
      if (deciding !== turn) return
      deciding = undefined
      resume()
    })
    deciding = turn
  }
}
