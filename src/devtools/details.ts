import type { PushEvent } from '../observables/index.ts'

/** An event as the tools can show it: of an error, what it says. */
export function details(event: PushEvent<unknown>): object {
  if (!('error' in event)) return event
  const { code, message, retryable, technique } = event.error
  return { ...event, error: { code, message, retryable, technique } }
}
