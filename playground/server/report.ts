import type { Cost } from './meter.ts'

/** What the server tells one page of itself, each second. */
export interface Report {
  /** In ms since the epoch. */
  at: number
  /** Between two messages of the machine, in ms. */
  interval: number
  /** What is wrong with each technique's network now; absent: nothing. */
  faults: Record<string, string>
  costs: Record<string, Cost>
  /** The nodes that carry it, by name, and whether each runs; the hub has none. */
  nodes: Record<string, boolean>
}

/** What a page is told when it begins. */
export interface Welcome {
  /** Its name, by which its costs are told from those of other pages. */
  page: string
  /** In ms since the epoch. */
  at: number
  /** Where each technique finds the hub. */
  bases: Record<string, string>
  nodes: Report['nodes']
  /** Where somebody publishes from a terminal. @default the page's own origin */
  publisher?: string
}
