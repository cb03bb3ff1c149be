import type { Cost } from './meter.ts'

/** The server's report to one page, each second. */
export interface Report {
  /** In ms since the epoch. */
  at: number
  /** Between two messages of the machine, in ms. */
  interval: number
  /** The current fault of each technique's network; absent without one. */
  faults: Record<string, string>
  costs: Record<string, Cost>
  /** Whether each node runs, by name; empty with the hub. */
  nodes: Record<string, boolean>
}

/** The server's first message to a page. */
export interface Welcome {
  /** The page's name, which identifies its costs. */
  page: string
  /** In ms since the epoch. */
  at: number
  /** The hub's URL for each technique. */
  bases: Record<string, string>
  nodes: Report['nodes']
  /** The URL to publish to from a terminal. @default the page's own origin */
  publisher?: string
}
