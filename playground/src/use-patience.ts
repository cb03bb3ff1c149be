import { onScopeDispose, ref, watch } from 'vue'

/** A break that mends itself within this time is not worth a sentence, in ms. */
const PATIENCE = 1_000

/** Whether there has been trouble for a while. */
export function usePatience(trouble: () => boolean) {
  const lasting = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    trouble,
    (now) => {
      clearTimeout(timer)
      if (now) timer = setTimeout(() => (lasting.value = true), PATIENCE)
      else lasting.value = false
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))
  return lasting
}
