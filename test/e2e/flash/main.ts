import { flashSocket } from 'pinia-push/flash-socket'
import { backoff, createPushClient, defineChannel, nchan, standard, type PushEvent } from 'pinia-push/observables'
import { unknown } from 'valibot'

const backends = { nchan, standard }
/** How a test sets the page up. */
export interface Asked {
  channel: string
  publicPath?: string
  proxyUrl?: string
  backend?: keyof typeof backends
  disconnectDelay?: number
}

const any = defineChannel({
  url: ({ channel }: { channel: string }) => `/push/${channel}`,
  sendSchema: unknown(),
  decode: (raw) => raw,
})

const inWords = (event: PushEvent<string>): string => {
  if (event.type === 'message') return event.data
  if (event.type === 'gap') return `gap ${event.reason}`
  if (event.type === 'reconnecting' || event.type === 'failed')
    return `${event.type} ${event.error.code}: ${event.error.message}`
  return event.type
}

/** What the page saw, for the test to read. */
const seen: string[] = []

function prepare({ channel, backend = 'nchan', ...options }: Asked) {
  const push = createPushClient({
    technique: flashSocket(options),
    backend: backends[backend](),
    retry: backoff({ initialDelay: 10, maxDelay: 50 }),
    connectTimeout: 20_000,
    heartbeatGrace: 1_000,
    disconnectDelay: 0,
  })
  const line = push.channel(any({ channel }))
  let leave = () => {}
  return {
    read() {
      const reading = line.events$.subscribe((event) => seen.push(inWords(event)))
      leave = () => reading.unsubscribe()
    },
    leave: () => leave(),
    send: (data: unknown) => line.send(data),
    open: () => line.reconnect(),
    /** Subscribes and unsubscribes so many times: at once, and when it is open. */
    async cycle(times: number) {
      for (let n = 0; n < times; n += 1) {
        await new Promise<void>((resolve) => {
          const reading = line.state$.subscribe(({ status }) => {
            if (status !== 'open' && !(n % 2 === 0 && status === 'connecting')) return
            queueMicrotask(() => {
              reading.unsubscribe()
              resolve()
            })
          })
          if (n % 2 === 0) line.messages$.subscribe().unsubscribe()
          else reading.add(line.messages$.subscribe())
        })
      }
    },
  }
}

let line: ReturnType<typeof prepare>
Object.assign(globalThis, {
  seen,
  prepare: (asked: Asked) => void (line = prepare(asked)),
  read: () => line.read(),
  leave: () => line.leave(),
  send: (data: unknown) => line.send(data),
  open: () => line.open(),
  cycle: (times: number) => line.cycle(times),
})
