import type * as flash from '../../src/observables/techniques/flash-socket/flash-socket.ts'
import type * as techniques from '../../src/observables/techniques/index.ts'
import { flashSocket } from 'pinia-push/flash-socket'
import {
  fallback,
  fetchStream,
  iframeStream,
  longPolling,
  polling,
  sse,
  webSocket,
  xhrStream,
  type Technique,
} from 'pinia-push/observables'

/** What can be kept with a technique; a promise that a row cannot keep names the capability that it lacks. */
export interface Row {
  name: TechniqueName
  technique: () => Technique
  /** One connection carries many messages. */
  streams: boolean
  /** Least time between two requests that bring nothing, in ms. */
  spacing: number
  /** Sees HTTP statuses and their heads. */
  seesStatus: boolean
  /** Sees that a message arrives before it is whole. */
  seesParts: boolean
  /** Carries request headers. */
  headers: boolean
  /** Sends over its own connection; the others post. */
  sends: boolean
}

type Techniques = typeof techniques & typeof flash
type Factory = {
  [K in keyof Techniques]: Techniques[K] extends (...options: never[]) => Technique ? K : never
}[keyof Techniques]

/** Where the runner's own server has it. */
export const RUFFLE = '/node_modules/@ruffle-rs/ruffle/'

/** A row for each technique: a technique that is exported and has none does not compile. */
const ROWS = {
  polling: {
    technique: () => polling({ minInterval: 50, maxInterval: 100 }),
    streams: false,
    spacing: 50,
    seesStatus: true,
    seesParts: true,
    headers: true,
    sends: false,
  },
  longPolling: {
    technique: () => longPolling(),
    streams: false,
    spacing: 600,
    seesStatus: true,
    seesParts: true,
    headers: true,
    sends: false,
  },
  sse: {
    technique: () => sse(),
    streams: true,
    spacing: 0,
    seesStatus: true,
    seesParts: true,
    headers: true,
    sends: false,
  },
  webSocket: {
    technique: () => webSocket(),
    streams: true,
    spacing: 0,
    seesStatus: false,
    seesParts: false,
    headers: false,
    sends: true,
  },
  fetchStream: {
    technique: () => fetchStream(),
    streams: true,
    spacing: 0,
    seesStatus: true,
    seesParts: true,
    headers: true,
    sends: false,
  },
  xhrStream: {
    // Small, so that every longer test rotates.
    technique: () => xhrStream({ maxBufferedChars: 20_000 }),
    streams: true,
    spacing: 0,
    seesStatus: true,
    seesParts: true,
    headers: true,
    sends: false,
  },
  iframeStream: {
    technique: () => iframeStream({ maxBufferedChars: 20_000 }),
    streams: true,
    spacing: 0,
    seesStatus: false,
    seesParts: false,
    headers: false,
    sends: false,
  },
  flashSocket: {
    technique: () => flashSocket({ publicPath: RUFFLE }),
    streams: true,
    spacing: 0,
    seesStatus: false,
    seesParts: true,
    headers: false,
    sends: true,
  },
} satisfies Record<Factory, Omit<Row, 'name'>>

/** The same techniques in other dress. */
const VARIANTS = {
  eventSource: {
    ...ROWS.sse,
    technique: () => sse({ native: true }),
    seesStatus: false,
    seesParts: false,
    headers: false,
  },
  fallback: {
    ...ROWS.webSocket,
    technique: () => ladder(webSocket()),
    headers: true,
  },
  flashFallback: {
    ...ROWS.flashSocket,
    technique: () => ladder(flashSocket({ publicPath: RUFFLE })),
    seesParts: false,
    headers: true,
  },
}

/** A ladder that climbs as often as a test lets it. */
export const ladder = (highest: Technique): Technique =>
  fallback(
    { upgradeProbe: { first: 200, max: 500 }, overlapTime: 100, connectTimeout: 3_000 },
    highest,
    fetchStream(),
    longPolling(),
  )

const EVERY = { ...ROWS, ...VARIANTS }

export type TechniqueName = keyof typeof EVERY

export const rows: readonly Row[] = Object.entries(EVERY).map(([name, row]) => ({
  ...row,
  name: name as TechniqueName,
}))
