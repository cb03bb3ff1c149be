import type { Cost } from '../server/meter.ts'
import type { Report } from '../server/report.ts'
import type { Reading } from './use-technique.ts'

/** Where measuring began: what had been spent, and got, by then. */
export interface Baseline {
  /** In ms since the epoch, by the server's clock. */
  at: number
  /** Absent: nothing. */
  cost?: Cost | undefined
  received: number
}

/** What a technique cost, and brought, since the baseline; undefined: cannot be told yet. */
export interface Price {
  id: string
  title: string
  received: number
  requests: number | undefined
  useless: number | undefined
  bytes: number | undefined
  held: number | undefined
  latency: number | undefined
}

export type Column = Exclude<keyof Price, 'id'>

const whole = new Intl.NumberFormat('en')
const figure =
  (unit: (value: number) => string) =>
  (value: number | string | undefined): string =>
    typeof value === 'number' ? unit(value) : (value ?? '–')

/** The columns: what each is called, what its figure means, and how it is written. */
export const COLUMNS = {
  title: {
    label: 'Technique',
    meaning: 'What it is called, what it is good at, and what that costs.',
    write: figure(String),
  },
  received: {
    label: 'Received',
    meaning: 'Messages that came here; in the end the same for all, because nothing is lost.',
    write: figure((value) => `${whole.format(value)} msg`),
  },
  requests: {
    label: 'Requests',
    meaning: 'Times the page asked the server; each costs headers both ways and work at the server.',
    write: figure((value) => `${whole.format(value)} req`),
  },
  useless: {
    label: 'Useless answers',
    meaning: 'Answers that brought no message: asked, and paid, for nothing.',
    write: figure((value) => `${whole.format(value)} ans`),
  },
  bytes: {
    label: 'Bytes a message',
    meaning: 'All bytes both ways, headers too, shared among the messages that came.',
    write: figure((value) => `${whole.format(Math.round(value))} B`),
  },
  held: {
    label: 'Connections held',
    meaning: 'Connections the server kept busy for this page, on average; 0 is free between requests, 1 is never free.',
    write: figure((value) => `${value.toFixed(2)} conn`),
  },
  latency: {
    label: 'Latency, median',
    meaning: 'From publishing to arrival; half of the messages of the last half minute were faster.',
    write: figure((value) => `${whole.format(Math.round(value))} ms`),
  },
} as const satisfies Record<
  Column,
  { label: string; meaning: string; write: (value: number | string | undefined) => string }
>

export const NAMES = Object.keys(COLUMNS) as Column[]

export function priceOf({ shown, received, median }: Reading, report: Report | undefined, since: Baseline): Price {
  const now = report?.costs[shown.id]
  const spent = (what: keyof Cost) => now && now[what] - (since.cost?.[what] ?? 0)
  const got = received - since.received
  const bytes = spent('bytes')
  const held = spent('held')
  const time = report ? report.at - since.at : 0
  return {
    id: shown.id,
    title: shown.title,
    received: got,
    requests: spent('requests'),
    useless: spent('useless'),
    bytes: bytes !== undefined && got > 0 ? bytes / got : undefined,
    held: held !== undefined && time > 0 ? held / time : undefined,
    latency: median,
  }
}

/** Orders prices by a column; what cannot be told is last, either way. */
export function sorted(prices: readonly Price[], by: Column, descending: boolean): Price[] {
  const sign = descending ? -1 : 1
  return prices.toSorted((a, b) => {
    const [x, y] = [a[by], b[by]]
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined)
    return sign * (typeof x === 'string' || typeof y === 'string' ? String(x).localeCompare(String(y)) : x - y)
  })
}
