import { collectBytes, type Overflow } from './collect-bytes.ts'
import type { InboundAccount } from './inbound-budget.ts'

const LINE_FEED = 10

export interface LineListener {
  onLine(line: string): void
  /** Called if a line is too long, or the limit of incomplete messages is reached. Later lines are not read. */
  onOverflow(overflow: Overflow): void
}

/** Splits bytes into lines of text, which end with LF. `maxBytes` is the longest line, in bytes. */
export function readLines(
  maxBytes: () => number,
  account: InboundAccount,
  { onLine, onOverflow }: LineListener,
): (chunk: Buffer) => void {
  const incomplete = collectBytes(maxBytes, account)
  let overflowed = false
  return (chunk) => {
    let rest = chunk
    while (!overflowed && rest.length > 0) {
      const end = rest.indexOf(LINE_FEED)
      const piece = end < 0 ? rest : rest.subarray(0, end)
      const overflow = incomplete.add(piece)
      overflowed = overflow !== undefined
      if (overflow) return onOverflow(overflow)
      if (end < 0) return
      rest = rest.subarray(end + 1)
      onLine(incomplete.take().toString())
    }
  }
}
