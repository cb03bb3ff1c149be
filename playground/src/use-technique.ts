import { nextTick, reactive, ref, watch } from 'vue'
import { usePushChannel } from 'pinia-push'
import { inflict, type CardFault } from './faults.ts'
import type { Shown } from './techniques/index.ts'
import { useArrivals } from './use-arrivals.ts'
import { useCrowd } from './use-crowd.ts'

/**
 * Reads the machine's channel by one technique: what its card and its row of the price table show. `fault` is what the
 * server says is wrong with its network.
 */
export function useTechnique(shown: Shown, base: () => string | undefined, fault: () => string | undefined) {
  /** When it was begun, in ms since the epoch; undefined: a person has to. */
  const begun = ref(shown.loads === undefined ? 0 : undefined)
  const begin = () => void (begun.value = Date.now())
  const { status, error, attempt, retryAt, reconnect, close, onMessage, onGap } = usePushChannel(() => {
    const origin = base()
    return origin && begun.value !== undefined ? shown.channel({ origin }) : null
  })
  const { message, gap, lostConnection, ...arrivals } = useArrivals(status)
  onMessage(message)
  onGap(gap)
  watch(status, (now) => now === 'reconnecting' && lostConnection(), { flush: 'sync' })

  /** Connects at once, from the same place: an attempt on the broken network may hang, and a refusal is final. */
  const restart = () => {
    if (status.value === 'open' || status.value === 'idle') return
    close()
    reconnect()
  }
  // Another window may have healed it.
  watch(fault, (now, before) => {
    if (before !== undefined && now === undefined && isOut({ status: status.value })) restart()
  })

  const crowded = useCrowd(base)
  const press = async (pressed: CardFault) => {
    if (pressed !== 'crowd') {
      crowded.value = crowded.value && pressed !== 'heal'
      await inflict(shown.id, pressed)
      if (pressed === 'heal') restart()
      return
    }
    // It leaves, the others take its place, and it comes back to a full house.
    close()
    crowded.value = true
    await nextTick()
    return reconnect()
  }
  return reactive({
    shown,
    begun,
    begin,
    status,
    error,
    attempt,
    retryAt,
    crowded,
    open: reconnect,
    press,
    ...arrivals,
  })
}

export type Reading = ReturnType<typeof useTechnique>

/** Whether it is cut off: it reconnects, or has failed. */
export const isOut = ({ status }: Pick<Reading, 'status'>) => status === 'reconnecting' || status === 'failed'
