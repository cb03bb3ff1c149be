import type { PushError, PushEvent, PushStatus } from '../observables/index.ts'

/** What is seen of a binding. */
export interface View {
  status: PushStatus
  technique: string | undefined
  /** Of the connection. */
  error: PushError | undefined
  /** Of the snapshot, or of `apply`. */
  fault: PushError | undefined
}

export const UNBOUND: View = { status: 'idle', technique: undefined, error: undefined, fault: undefined }

/** What an event changes in what is seen. */
export function seen(event: PushEvent<unknown>): Partial<View> {
  switch (event.type) {
    case 'connecting':
      return { status: event.type, technique: undefined }
    case 'open':
      return { status: event.type, technique: event.technique, error: undefined }
    case 'message':
    case 'gap':
      return {}
    case 'invalid':
      return { error: event.error }
    case 'waiting':
    case 'failed':
      return { status: event.type, technique: undefined, error: event.error }
    case 'closed':
      return { status: event.type, technique: undefined }
    case 'idle':
      return { status: event.type, technique: undefined, error: undefined }
  }
}
