import type { Readable, Writable } from 'node:stream'

/** Between two ends of a connection: what comes is handed on, or kept until it may be. */
export interface Gate {
  open(): void
  shut(): void
}

/** Lets one direction of a connection through. `broken` hears that the other end was lost, when that may be known. */
export function gate(from: Readable, to: Writable, broken: () => void): Gate {
  let shut = false
  let held: Buffer[] = []
  let fate: 'open' | 'ended' | 'lost' = 'open'
  const settle = { open: () => {}, ended: () => void to.end(), lost: broken }

  const flush = () => {
    if (shut) return
    const due = held
    held = []
    for (const chunk of due) if (!to.write(chunk)) from.pause()
    settle[fate]()
  }
  const meets = (met: 'ended' | 'lost') => () => {
    if (fate !== 'open') return
    fate = met
    flush()
  }
  from.on('data', (chunk: Buffer) => {
    held.push(chunk)
    flush()
  })
  from.on('end', meets('ended'))
  from.on('error', meets('lost'))
  from.on('close', meets('lost'))
  to.on('drain', () => from.resume())
  to.on('error', () => {})

  return {
    open() {
      shut = false
      flush()
    },
    shut: () => void (shut = true),
  }
}
