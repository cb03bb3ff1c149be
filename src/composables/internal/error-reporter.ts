import { ErrorCodes, getCurrentInstance, handleError, type App } from 'vue'

/**
 * Returns a function that reports errors of the user's functions to the `errorHandler` of the component or the app, or
 * else to the console. It never throws.
 */
export function errorReporter(app?: App): (error: unknown) => void {
  const instance = getCurrentInstance()
  return (error) => {
    try {
      const handler = app?.config.errorHandler
      if (handler) handler(error, null, 'pinia-push')
      else if (instance) handleError(error, instance, ErrorCodes.COMPONENT_EVENT_HANDLER, false)
      else console.error(error)
    } catch (thrown) {
      console.error(thrown)
    }
  }
}

/** Whether `await` would wait for a value. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/** Calls `failed` if the result of a user's function is a promise that rejects. */
export function watchRejection(result: unknown, failed: (error: unknown) => void): void {
  if (isThenable(result)) result.then(undefined, failed)
}

/** Returns a handler that reports what the user's handler throws, or rejects with. */
export const guarded =
  <E>(handler: (event: E) => unknown, report: (error: unknown) => void) =>
  (event: E): void => {
    try {
      watchRejection(handler(event), report)
    } catch (error) {
      report(error)
    }
  }
