import { inject, nextTick, reactive, ref, watch } from 'vue'
import { pushKey, usePushChannel } from 'pinia-push'
import { inflict, type CardFault } from './faults.ts'
import type { Shown } from './techniques/index.ts'
import { useArrivals } from './use-arrivals.ts'
import { useCrowd } from './use-crowd.ts'

/**
 * Reads the machine's channel by one technique, for its card and its row of the price table. `fault` is the fault of its
 * network, from the server.
 */
export function useTechnique(shown: Shown, base: () => string | undefined, fault: () => string | undefined) {
  /** When it started, in ms since the epoch; undefined until a person starts it. */
  const begun = ref(shown.loads === undefined ? 0 : undefined)
  const begin = () => void (begun.value = Date.now())
  const source = () => {
    const origin = base()
    return origin && begun.value !== undefined ? shown.channel({ origin }) : null
  }
  const { status, error, attempt, retryAt, reconnect, onMessage, onGap } = usePushChannel(source)
  const { message, gap, lostConnection, ...arrivals } = useArrivals(status)
  onMessage(message)
  onGap(gap)
  watch(status, (now) => now === 'reconnecting' && lostConnection(), { flush: 'sync' })

  const push = inject(pushKey)
  /** Disconnects the channel at once, for all its readers. */
  const disconnect = () => {
    const descriptor = source()
    if (descriptor) push?.channel(descriptor).close()
  }
  /** Reconnects at once from its cursor: an attempt on the broken network may hang, and a rejection is final. */
  const restart = () => {
    if (status.value === 'open' || status.value === 'idle') return
    disconnect()
    reconnect()
  }
  // Another window may have healed the network.
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
    // It disconnects, four other streams open, and its reconnect finds no free connection.
    disconnect()
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

/** Returns whether a technique is disconnected: it reconnects, or has failed. */
export const isOut = ({ status }: Pick<Reading, 'status'>) => status === 'reconnecting' || status === 'failed'
