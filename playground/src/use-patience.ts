import { onScopeDispose, ref, watch } from 'vue'

/** A shorter break shows no message, in ms. */
const PATIENCE = 1_000

/** Returns whether a problem has lasted for a while. */
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
