/** A handler of the user's whose throw, or rejection, is reported and breaks nothing else. */
export const guarded =
  <E>(handler: (event: E) => unknown, report: (error: unknown) => void) =>
  (event: E): void => {
    try {
      const result = handler(event)
      if (result instanceof Promise) result.catch(report)
    } catch (error) {
      report(error)
    }
  }
