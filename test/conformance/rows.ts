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

/** A technique and its capabilities. A promise that a row cannot keep names the missing capability. */
export interface Row {
  name: TechniqueName
  technique: () => Technique
  /** Whether one connection receives many messages. */
  streams: boolean
  /** The least time between two requests that bring nothing, in ms. */
  spacing: number
  /** Whether it sees HTTP statuses and headers. */
  seesStatus: boolean
  /** Whether it sees the parts of a message as they arrive. */
  seesParts: boolean
  /** Whether it sends request headers. */
  headers: boolean
  /** Whether it sends over its own connection; the others send by POST. */
  sends: boolean
}

type Techniques = typeof techniques & typeof flash
type Factory = {
  [K in keyof Techniques]: Techniques[K] extends (...options: never[]) => Technique ? K : never
}[keyof Techniques]

/** The path of Ruffle on the test runner's server. */
export const RUFFLE = '/node_modules/@ruffle-rs/ruffle/'

/** A row for each technique. An exported technique without one does not compile. */
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
    // Small, so that every longer test reaches it.
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

/** The same techniques with other options or in a fallback. */
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

/** Returns a fallback that probes for a better technique often enough for a test. */
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
