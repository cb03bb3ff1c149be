/** Whether a value is a promise, or what `await` takes for one. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/** Calls `failed` with what a function of the user's returned promises to reject with, if it is a promise. */
export function watchRejection(result: unknown, failed: (error: unknown) => void): void {
  if (isThenable(result)) result.then(undefined, failed)
}

/** A handler of the user's whose throw, or rejection, is reported and breaks nothing else. */
export const guarded =
  <E>(handler: (event: E) => unknown, report: (error: unknown) => void) =>
  (event: E): void => {
    try {
      watchRejection(handler(event), report)
    } catch (error) {
      report(error)
    }
  }
