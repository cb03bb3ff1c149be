import { Subject, firstValueFrom, filter, of, tap } from 'rxjs'
import { test as base, inject } from 'vitest'
import type { Position, SourceEvent } from 'pinia-push/kit'
import {
  backoff,
  createPushClient,
  defineChannel,
  pausable,
  type Channel,
  type PushClient,
  type PushClientOptions,
  type PushEvent,
  type PushStatus,
} from 'pinia-push/observables'
import {
  openScript,
  openSession,
  type Script,
  type ServerKind,
  type ServerSettings,
  type Session,
} from '../servers/control-client.ts'
import { tapEvents, type TappedEvent } from '../../src/observables/channel/event-tap.ts'
import type { Engine } from './engines.ts'
import { histories } from './history.ts'
import { limitAt } from './limits.ts'
import type { Row, TechniqueName } from './rows.ts'
import { SERVERS } from './servers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    control: string
    /** Where the tests run. */
    engine: Engine
  }
}

const text = defineChannel({ url: (p: { url: string }) => p.url, decode: (raw) => raw })

/** A reader of a channel, and all events that it received. */
export interface Reader {
  channel: Channel<string>
  events: PushEvent<string>[]
  /** The data of the messages, in order. */
  data: string[]
  /** Resolves with the first event that fits, received already or later. */
  sees<E extends PushEvent<string>['type']>(
    type: E,
    fits?: (event: Extract<PushEvent<string>, { type: E }>) => boolean,
  ): Promise<Extract<PushEvent<string>, { type: E }>>
  /** Resolves when this message was received. */
  gets(data: string): Promise<unknown>
  /** Returns how many events of a type were received. */
  count(type: PushEvent<string>['type']): number
  leave(): void
}

/** Reads a channel, from a position if one is given, and records its events. */
export function readChannel<T>(
  channel: Channel<T>,
  from?: Position,
): Omit<Reader, 'channel' | 'data' | 'events' | 'sees'> & {
  channel: Channel<T>
  data: T[]
  events: PushEvent<T>[]
  sees<E extends PushEvent<T>['type']>(
    type: E,
    fits?: (event: Extract<PushEvent<T>, { type: E }>) => boolean,
  ): Promise<Extract<PushEvent<T>, { type: E }>>
} {
  type Seen<E> = Extract<PushEvent<T>, { type: E }>
  const events: PushEvent<T>[] = []
  const data: T[] = []
  const news = new Subject<PushEvent<T>>()
  const subscription = pausable(channel, of(false), from).subscribe((event) => {
    events.push(event)
    if (event.type === 'message') data.push(event.data)
    news.next(event)
  })
  const sees = async <E extends PushEvent<T>['type']>(
    type: E,
    fits: (event: Seen<E>) => boolean = () => true,
  ): Promise<Seen<E>> => {
    const wanted = (event: PushEvent<T>): event is Seen<E> => event.type === type && fits(event as Seen<E>)
    return events.find(wanted) ?? firstValueFrom(news.pipe(filter(wanted)))
  }
  return {
    channel,
    events,
    data,
    sees,
    gets: (wanted) => sees('message', (event) => (event as Seen<'message'>).data === (wanted as unknown)),
    count: (type) => events.filter((event) => event.type === type).length,
    leave: () => subscription.unsubscribe(),
  }
}

/** Returns a technique whose connections' events can be awaited. */
export function observed(row: Pick<Row, 'technique'>): Pick<Row, 'technique'> & {
  /** Resolves with the next event of a connection. */
  nextEvent(): Promise<unknown>
} {
  const events = new Subject<SourceEvent>()
  const technique = row.technique()
  return {
    technique: () => ({
      ...technique,
      connect: (request) => technique.connect(request).pipe(tap((event) => events.next(event))),
    }),
    nextEvent: () => firstValueFrom(events),
  }
}

export interface Fixtures {
  /** The kind of server that `serve` starts. @default 'hub' */
  kind: ServerKind
  /** Starts a server behind a fault proxy, for this test alone. */
  serve: (settings?: ServerSettings) => Promise<Session>
  /** Starts a server whose responses the test defines. */
  script: () => Promise<Script>
  /** Creates a client of this row, for this test alone. */
  client: (row: Pick<Row, 'technique'>, options?: PushClientOptions) => PushClient
  /** Reads a channel with a new client. */
  read: (row: Pick<Row, 'technique'>, url: string, options?: PushClientOptions) => Reader
}

/** The test function with its fixtures, each of which cleans up after itself. */
export const test = base.extend<Fixtures>({
  kind: 'hub',
  serve: async ({ kind }, use) => {
    const sessions: Session[] = []
    await use(async (settings) => {
      const session = await openSession(inject('control'), { ...settings, kind })
      sessions.push(session)
      return session
    })
    await Promise.all(sessions.map((session) => session.close()))
  },
  script: async ({}, use) => {
    const scripts: Script[] = []
    await use(async () => {
      const script = await openScript(inject('control'))
      scripts.push(script)
      return script
    })
    await Promise.all(scripts.map((script) => script.close()))
  },
  client: async ({ kind, task, onTestFailed }, use) => {
    const clients: PushClient[] = []
    const began = Date.now()
    const events: TappedEvent[] = []
    // What a test compares does not show why it is so: a message is missing after a reconnection, a gap, a failure.
    onTestFailed(() => {
      for (const error of task.result?.errors?.slice(0, 1) ?? []) error.message += `\n\n${histories(events, began)}\n`
    })
    await use((row, options = {}) => {
      const technique = row.technique()
      const place = { server: kind, engine: inject('engine'), technique: technique.name as TechniqueName }
      const client = createPushClient({
        warnings: false,
        technique,
        backend: SERVERS[kind].backend(),
        retry: backoff({ initialDelay: 10, maxDelay: 50 }),
        disconnectDelay: 0,
        // A busy machine may be slow, so a test sets a limit only where it is the subject. Where the host does not report an
        // unreachable server, `connectTimeout` has to expire.
        connectTimeout: limitAt(place, 'refusals') === undefined ? 60_000 : 1_000,
        heartbeatGrace: 60_000,
        ...options,
      })
      clients.push(client)
      tapEvents(client.channels$).subscribe((event) => events.push(event))
      return client
    })
    for (const client of clients) client.close()
  },
  read: async ({ client }, use) => {
    const readers: Reader[] = []
    await use((row, url, options) => {
      const reader = readChannel(client(row, options).channel(text({ url })))
      readers.push(reader)
      return reader
    })
    for (const reader of readers) reader.leave()
  },
})

/** Resolves when a channel has this status. */
export const status = (channel: Pick<Channel<string>, 'state$'>, wanted: PushStatus): Promise<unknown> =>
  firstValueFrom(channel.state$.pipe(filter(({ status }) => status === wanted)))

/** Resolves when a value that only the server knows meets a condition. It asks again at once, because asking is a request. */
export async function eventually<T>(ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const began = performance.now()
  for (;;) {
    const value = await ask()
    if (holds(value)) return value
    // A deadline, so that a failure shows the last value.
    if (performance.now() - began > 60_000)
      throw new Error(`the condition was not met within 60 s: ${JSON.stringify(value)}`)
  }
}

/** Returns messages and gaps, in order, as text. */
export const story = (events: readonly PushEvent<string>[]): string[] =>
  events.flatMap((event) =>
    event.type === 'message' ? [event.data] : event.type === 'gap' ? [`gap ${event.reason}`] : [],
  )
