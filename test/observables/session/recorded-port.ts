import { PushError } from 'pinia-push/observables'
import type { SessionPort } from 'pinia-push/kit'

/** What a conversation called, in order: the name of the function, and its values. An error is its code, or what `error` returns. */
export function recordedPort(error: (error: PushError) => unknown = ({ code }) => code) {
  const calls: unknown[] = []
  const note =
    (name: keyof SessionPort) =>
    (...values: unknown[]) =>
      void calls.push([name, ...values.map((value) => (value instanceof PushError ? error(value) : value))])
  const port: SessionPort = {
    write: note('write'),
    ready: note('ready'),
    subscribed: note('subscribed'),
    message: note('message'),
    spread: note('spread'),
    moved: note('moved'),
    gap: note('gap'),
    rejected: note('rejected'),
    ended: note('ended'),
    acknowledged: note('acknowledged'),
    sendRejected: note('sendRejected'),
    unreadable: note('unreadable'),
    refreshRejected: note('refreshRejected'),
    refused: note('refused'),
  }
  return {
    port,
    /** What was called since it was last asked. */
    calls: () => calls.splice(0),
  }
}
