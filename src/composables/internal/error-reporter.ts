import { ErrorCodes, getCurrentInstance, handleError, type App } from 'vue'

/**
 * Where errors of the user's own functions go, so that they break nothing of ours: to the component's and the app's
 * `errorHandler`, or else to the console.
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
