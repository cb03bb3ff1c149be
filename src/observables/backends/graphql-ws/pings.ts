import { fieldsOf, textOf } from '../json-frame.ts'

/** Finds which subscription a pong follows: by its payload, or by the order of the pings if the server does not repeat it. */
export function pingTable() {
  let isRepeated = false
  let sent: (string | undefined)[] = []
  return {
    /** Returns the ping that follows a subscription, or a heartbeat. */
    after(id: string | undefined): string {
      if (!isRepeated) sent.push(id)
      return JSON.stringify({ type: 'ping', ...(id !== undefined && { payload: { id } }) })
    },
    /** Returns the subscription before the ping that a pong replies to. Undefined: it is a heartbeat. */
    repliedBy(payload: unknown): string | undefined {
      const id = textOf(fieldsOf(payload)['id'])
      if (id === undefined) return sent.shift()
      isRepeated = true
      sent = []
      return id
    },
  }
}
