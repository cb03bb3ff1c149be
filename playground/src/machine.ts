import type { Board, Tick } from '../server/metrics.ts'

export type { Board, Tick }

/** What a person posted, from this page or by curl. */
export interface Note {
  kind: 'note'
  text: string
}

/** The channel carries ticks of the machine, and whatever is posted to it. */
export function decode(raw: string): Tick | Note {
  try {
    const value = JSON.parse(raw) as Tick
    if (value?.kind === 'tick') return value
  } catch {
    // It need not be JSON.
  }
  return { kind: 'note', text: raw }
}

/** A message in a few words. */
export const inWords = (message: Tick | Note): string =>
  message.kind === 'note'
    ? `“${message.text}”`
    : `#${message.n} cpu ${message.cpu.toFixed(1)} % memory ${message.memory.toFixed(1)} %`
