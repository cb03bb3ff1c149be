import { oneLine } from './text.ts'

/** Receives one line for each fault that is not a client's, and the error behind it. */
export type Log = (line: string, error?: unknown) => void

/** Logs a fault; it never throws. */
export type Report = Log

// An error may hold a client's text, which must not write lines of its own.
const toConsole: Log = (line, error) => console.error(error === undefined ? line : `${line}: ${described(error)}`)

function described(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error))
  const frames = (error.stack ?? '').split('\n').filter((frame) => frame.startsWith('    at '))
  return [oneLine(`${error.name}: ${error.message}`), ...frames.map((frame) => oneLine(frame))].join('\n')
}

/** Makes the one way to the application's log: every line is printable and bounded, whatever the log itself does. */
export const createReport =
  (log: Log = toConsole): Report =>
  (line, ...error) => {
    try {
      ignoreRejection(log(`pinia-push: ${oneLine(line)}`, ...error))
    } catch {
      // There is nowhere left to say that the log failed.
    }
  }

/** Keeps an asynchronous function in the place of a synchronous one from ending the process with its rejection. */
export function ignoreRejection(returned: unknown): void {
  // A promise of another realm is no instance of this one's Object.
  const isObject = (typeof returned === 'object' && returned !== null) || typeof returned === 'function'
  if (isObject && 'then' in returned) Promise.resolve(returned).catch(() => {})
}
