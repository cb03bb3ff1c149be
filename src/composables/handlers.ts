type Report = ((error: unknown, instance: null, info: string) => void) | undefined

/**
 * Functions that are all called, in the order they came, whatever one of them throws: that is reported, to the app's
 * error handler where it has one, and else to the host.
 */
export function handlers<E>(report: Report) {
  const all = new Set<(event: E) => void>()
  return {
    add(handler: (event: E) => void): () => void {
      all.add(handler)
      return () => void all.delete(handler)
    },
    call(event: E): void {
      for (const handler of all) {
        try {
          handler(event)
        } catch (error) {
          if (report) report(error, null, 'pinia-push handler')
          else
            queueMicrotask(() => {
              throw error
            })
        }
      }
    },
  }
}
