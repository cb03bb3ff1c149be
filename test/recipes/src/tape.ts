// src/tape.ts
import { createPushClient, fetchStream, nchan } from 'pinia-push/observables'
import { filter, map, scan } from 'rxjs'
import { orders } from './channels'
import { freshToken } from './session'

const push = createPushClient({
  technique: fetchStream(),
  backend: nchan(),
  prepareRequest: async () => ({ headers: { Authorization: `Bearer ${await freshToken()}` } }),
})

/** Counts an account's filled orders since the subscription. */
export const filled$ = (account: string) =>
  push.channel(orders({ account })).messages$.pipe(
    filter(({ data }) => data.state === 'filled'),
    scan((count) => count + 1, 0),
    map((count) => `${count} filled`),
  )
