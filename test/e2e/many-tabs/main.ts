import { createPushClient, defineChannel, fallback, hub, polling, sse } from 'pinia-push/observables'

/** How many channels a tab reads. */
const CHANNELS = 8

/** What a tab has received, for the test. */
export interface Received {
  /** The numbers of each channel's messages. */
  numbers: number[][]
  /** The technique of each open channel. */
  techniques: string[]
  gaps: number
  /** The error codes of failed attempts. */
  errors: string[]
}

const received: Received = {
  numbers: Array.from({ length: CHANNELS }, () => []),
  techniques: [],
  gaps: 0,
  errors: [],
}

const only = sse()
const client = createPushClient({
  technique:
    location.hash === '#sse'
      ? only
      : fallback({ upgradeProbe: { first: 500, max: 1_000 } }, only, polling({ minInterval: 100, maxInterval: 400 })),
  backend: hub(),
  baseUrl: location.origin,
})
const numbers = defineChannel({ topic: (n: number) => String(n), decode: Number })

for (const [index, list] of received.numbers.entries())
  client.channel(numbers(index)).events$.subscribe((event) => {
    if (event.type === 'message') list.push(event.data)
    else if (event.type === 'gap') received.gaps += 1
    else if (event.type === 'open') received.techniques[index] = event.technique
    else {
      delete received.techniques[index]
      if (event.type === 'reconnecting') received.errors.push(event.error.code)
    }
  })

Object.assign(globalThis, { received })
