import { filter, firstValueFrom } from 'rxjs'
import { onTestFinished } from 'vitest'
import {
  backoff,
  createPushClient,
  defineChannel,
  hub as hubBackend,
  type Channel,
  type PushClientOptions,
  type PushEvent,
} from 'pinia-push/observables'

const topic = defineChannel({ topic: (name: string) => name, decode: (raw) => raw, encode: String })

/** Creates a client of a hub that retries quickly, and whose topics are read by name. It is closed after the test. */
export function createHubClient(options: PushClientOptions) {
  const push = createPushClient({
    backend: hubBackend(),
    retry: backoff({ initialDelay: 10, maxDelay: 50 }),
    disconnectDelay: 0,
    warnings: false,
    ...options,
  })
  onTestFinished(() => push.close())
  /** Returns a topic that has no reader yet. */
  const channel = (name: string) => push.channel(topic(name)) as unknown as Channel<string, unknown>
  /** Reads a topic, and keeps its events. */
  const read = (name: string) => {
    const own = channel(name)
    const events: PushEvent<string>[] = []
    const subscription = own.events$.subscribe((event) => events.push(event))
    return {
      channel: own,
      events,
      leave: () => subscription.unsubscribe(),
      data: () => events.flatMap((event) => (event.type === 'message' ? [event.data] : [])),
      /** Messages, and gaps with their reasons, in order. */
      story: () =>
        events.flatMap((event) =>
          event.type === 'message' ? [event.data] : event.type === 'gap' ? [`gap ${event.reason}`] : [],
        ),
      status: (wanted: string) => firstValueFrom(own.state$.pipe(filter(({ status }) => status === wanted))),
    }
  }
  return { push, channel, read }
}
