import { computed, shallowRef, type Ref } from 'vue'
import type { PushMessage, PushStatus } from 'pinia-push'
import { inWords, type Note, type Tick } from './machine.ts'

/** The period of figures and chart, in s, and the maximum number of messages. */
const WINDOW = 30
const MAX_ARRIVALS = 1_000

/** One message that arrived. */
export interface Arrival {
  /** In seconds since the epoch. */
  at: number
  /** From publication, in ms. */
  latency: number
}

/** Counts received, lost and repeated messages. */
export function useArrivals(status: Readonly<Ref<PushStatus>>) {
  const received = shallowRef(0)
  const lost = shallowRef(0)
  const repeated = shallowRef(0)
  const gaps = shallowRef(0)
  const caughtUp = shallowRef<number>()
  const last = shallowRef('')
  const note = shallowRef('')
  const arrivals = shallowRef<readonly Arrival[]>([])
  let number: number | undefined
  // Messages published before the reconnect count as caught up.
  let backSince: number | undefined
  let away = false

  const sorted = computed(() => arrivals.value.map(({ latency }) => latency).toSorted((a, b) => a - b))
  const quantile = (q: number) => computed(() => sorted.value[Math.floor(q * (sorted.value.length - 1))])

  return {
    received,
    lost,
    repeated,
    gaps,
    caughtUp,
    last,
    note,
    arrivals,
    median: quantile(0.5),
    p99: quantile(0.99),
    message({ data }: PushMessage<Tick | Note>) {
      received.value += 1
      last.value = inWords(data)
      if (data.kind === 'note') {
        note.value = data.text
        return
      }
      const now = Date.now()
      const recent = arrivals.value.slice(1 - MAX_ARRIVALS).filter(({ at }) => at > now / 1_000 - WINDOW)
      arrivals.value = [...recent, { at: now / 1_000, latency: Math.max(0, now - data.at) }]
      if (number !== undefined && data.n > number + 1) lost.value += data.n - number - 1
      if (number !== undefined && data.n <= number) repeated.value += 1
      number = data.n
      if (away && status.value === 'open') {
        away = false
        backSince = now
        caughtUp.value = 0
      }
      if (backSince !== undefined) {
        if (data.at < backSince - 100) caughtUp.value = (caughtUp.value ?? 0) + 1
        else backSince = undefined
      }
    },
    /** After a gap the sequence numbers restart, because messages may be missing. */
    gap() {
      gaps.value += 1
      number = undefined
    },
    lostConnection() {
      away = true
      caughtUp.value = undefined
    },
  }
}
