import { oneLine } from './sanitize.ts'

/** Receives a line for each failure that a client did not cause, with its error. */
export type Log = (line: string, error?: unknown) => void

/** Logs a failure. It never throws. */
export type Report = Log

// An error may contain a client's text, which must not add lines to the log.
const toConsole: Log = (line, error) => console.error(error === undefined ? line : `${line}: ${describe(error)}`)

function describe(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error))
  const frames = (error.stack ?? '').split('\n').filter((frame) => frame.startsWith('    at '))
  return [oneLine(`${error.name}: ${error.message}`), ...frames.map((frame) => oneLine(frame))].join('\n')
}

/** Creates the one way to the application's log. Every line is printable and bounded, and an error of `log` is ignored. */
export const createReport =
  (log: Log = toConsole): Report =>
  (line, ...error) => {
    try {
      ignoreRejection(log(`pinia-push: ${oneLine(line)}`, ...error))
    } catch {
      // The log itself failed, so there is no place to report it.
    }
  }

/** Ignores the rejection of an async function that is used as a synchronous one. It would end the process. */
export function ignoreRejection(returned: unknown): void {
  // A promise of another realm is not an instance of this one's Object.
  const isObject = (typeof returned === 'object' && returned !== null) || typeof returned === 'function'
  if (isObject && 'then' in returned) Promise.resolve(returned).catch(() => {})
}
