import { nextTick, reactive, ref, watch } from 'vue'
import { usePushChannel } from 'pinia-push'
import { inflict, type CardFault } from './faults.ts'
import type { Shown } from './techniques/index.ts'
import { useArrivals } from './use-arrivals.ts'
import { useCrowd } from './use-crowd.ts'

/** Reads the machine's channel by one technique: what its card and its row of the price table show. */
export function useTechnique(shown: Shown, base: () => string | undefined) {
  /** When it was begun, in ms since the epoch; undefined: a person has to. */
  const begun = ref(shown.loads === undefined ? 0 : undefined)
  const begin = () => void (begun.value = Date.now())
  const { status, error, attempt, retryAt, open, close, onMessage, onGap } = usePushChannel(() => {
    const origin = base()
    return origin && begun.value !== undefined ? shown.channel({ origin }) : null
  })
  const { message, gap, lostConnection, ...arrivals } = useArrivals(status)
  onMessage(message)
  onGap(gap)
  watch(status, (now) => now === 'waiting' && lostConnection(), { flush: 'sync' })

  const crowded = useCrowd(base)
  const press = async (fault: CardFault) => {
    if (fault !== 'crowd') {
      crowded.value = crowded.value && fault !== 'heal'
      return inflict(shown.id, fault)
    }
    // It leaves, the others take its place, and it comes back to a full house.
    close()
    crowded.value = true
    await nextTick()
    return open()
  }
  return reactive({ shown, begun, begin, status, error, attempt, retryAt, crowded, open, press, ...arrivals })
}

export type Reading = ReturnType<typeof useTechnique>

/** Whether it is cut off: it waits, tries again after a failure, or has failed. */
export const isOut = ({ status, attempt }: Pick<Reading, 'status' | 'attempt'>) =>
  status === 'waiting' || status === 'failed' || (status === 'connecting' && attempt > 0)
