import type { Cost } from '../server/meter.ts'
import type { Report } from '../server/report.ts'
import type { Reading } from './use-technique.ts'

/** The start of a measurement, with the figures at that time. */
export interface Baseline {
  /** In ms since the epoch, by the server's clock. */
  at: number
  /** Absent means zero. */
  cost?: Cost | undefined
  received: number
}

/** The figures of a technique since the baseline; undefined while unknown. */
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

/** The columns: label, meaning and format. */
export const COLUMNS = {
  title: {
    label: 'Technique',
    meaning: 'Name of the technique, its advantage and its disadvantage.',
    write: figure(String),
  },
  received: {
    label: 'Received',
    meaning: 'Messages that arrived; the same for all in the end, because none is lost.',
    write: figure((value) => `${whole.format(value)} msg`),
  },
  requests: {
    label: 'Requests',
    meaning: 'Requests of the page; each costs headers in both directions and work at the server.',
    write: figure((value) => `${whole.format(value)} req`),
  },
  useless: {
    label: 'Useless requests',
    meaning: 'Requests whose response contained no message.',
    write: figure((value) => `${whole.format(value)} req`),
  },
  bytes: {
    label: 'Bytes a message',
    meaning: 'All bytes in both directions, with headers, divided by the messages that arrived.',
    write: figure((value) => `${whole.format(Math.round(value))} B`),
  },
  held: {
    label: 'Connections held',
    meaning: 'Open connections of this page, on average; 0 is free between requests, 1 is never free.',
    write: figure((value) => `${value.toFixed(2)} conn`),
  },
  latency: {
    label: 'Latency, median',
    meaning: 'From publishing to arrival; half of the messages in the last 30 s were faster.',
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

/** Sorts prices by a column; unknown figures come last in both directions. */
export function sorted(prices: readonly Price[], by: Column, descending: boolean): Price[] {
  const sign = descending ? -1 : 1
  return prices.toSorted((a, b) => {
    const [x, y] = [a[by], b[by]]
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined)
    return sign * (typeof x === 'string' || typeof y === 'string' ? String(x).localeCompare(String(y)) : x - y)
  })
}
