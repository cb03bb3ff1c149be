import type { Board, Tick } from '../server/metrics.ts'

export type { Board, Tick }

/** A message that a person posted, from this page or by curl. */
export interface Note {
  kind: 'note'
  text: string
}

/** Decodes a tick of the machine; any other text is a note. */
export function decode(raw: string): Tick | Note {
  try {
    const value = JSON.parse(raw) as Tick
    if (value?.kind === 'tick') return value
  } catch {
    // Notes need not be JSON.
  }
  return { kind: 'note', text: raw }
}

/** Formats a message in one line. */
export const inWords = (message: Tick | Note): string =>
  message.kind === 'note'
    ? `“${message.text}”`
    : `#${message.n} cpu ${message.cpu.toFixed(1)} % memory ${message.memory.toFixed(1)} %`
