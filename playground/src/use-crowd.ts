import { ref } from 'vue'
import { defineChannel, sse, usePushChannel } from 'pinia-push'

const stream = defineChannel({
  url: (p: { origin: string; n: number }) => `${p.origin}/push/crowd-${p.n}`,
  technique: sse(),
  disconnectDelay: 0,
})

/** Opens four streams to one origin while `crowded`: the client's limit of a browser's six over HTTP/1.1. */
export function useCrowd(base: () => string | undefined) {
  const crowded = ref(false)
  for (const n of [1, 2, 3, 4]) {
    usePushChannel(() => {
      const at = base()
      return crowded.value && at ? stream({ origin: new URL(at).origin, n }) : null
    })
  }
  return crowded
}
