import { Subject, firstValueFrom, filter, tap } from 'rxjs'
import { test as base, inject } from 'vitest'
import type { Position, SourceEvent } from 'pinia-push/kit'
import {
  backoff,
  createPushClient,
  defineChannel,
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
import type { Engine } from './engines.ts'
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

/** One reader of a channel, and all that it saw. */
export interface Reader {
  channel: Channel<string>
  events: PushEvent<string>[]
  /** The data of the messages, in order. */
  data: string[]
  /** Resolves with the first event, past or to come, that fits. */
  sees<E extends PushEvent<string>['type']>(
    type: E,
    fits?: (event: Extract<PushEvent<string>, { type: E }>) => boolean,
  ): Promise<Extract<PushEvent<string>, { type: E }>>
  /** Resolves when this message has come. */
  gets(data: string): Promise<unknown>
  /** How many events of a type there were. */
  count(type: PushEvent<string>['type']): number
  leave(): void
}

/** Begins to read a channel, from a place where one is given, and keeps what it sees. */
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
  const subscription = channel.readFrom({ at: undefined, from }).subscribe((event) => {
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

/** A technique whose signs of life can be waited for: whatever its connections say. */
export function heard(row: Pick<Row, 'technique'>): Pick<Row, 'technique'> & {
  /** Resolves with the next, when it has been taken. */
  sign(): Promise<unknown>
} {
  const signs = new Subject<SourceEvent>()
  const technique = row.technique()
  return {
    technique: () => ({
      ...technique,
      connect: (request) => technique.connect(request).pipe(tap((event) => signs.next(event))),
    }),
    sign: () => firstValueFrom(signs),
  }
}

export interface Fixtures {
  /** What kind of server is served. @default 'hub' */
  kind: ServerKind
  /** A server behind a fault proxy, this test's own. */
  serve: (settings?: ServerSettings) => Promise<Session>
  /** A server that answers as the test says. */
  script: () => Promise<Script>
  /** A client of this row, this test's own. */
  client: (row: Pick<Row, 'technique'>, options?: PushClientOptions) => PushClient
  /** Reads a channel by a client of its own. */
  read: (row: Pick<Row, 'technique'>, url: string, options?: PushClientOptions) => Reader
}

/** Every fixture undoes itself. */
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
  client: async ({ kind }, use) => {
    const clients: PushClient[] = []
    await use((row, options = {}) => {
      const technique = row.technique()
      const place = { server: kind, engine: inject('engine'), technique: technique.name as TechniqueName }
      const client = createPushClient({
        warnings: false,
        technique,
        backend: SERVERS[kind].backend(),
        retry: backoff({ initialDelay: 10, maxDelay: 50 }),
        disconnectDelay: 0,
        // What a busy machine takes its time for is no fault: a limit is named where it is the subject. Where a page is not
        // told that nobody is there, that is noticed as a hang is.
        connectTimeout: limitAt(place, 'refusals') === undefined ? 60_000 : 1_000,
        heartbeatGrace: 60_000,
        ...options,
      })
      clients.push(client)
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

/** Resolves when a condition that only the server knows holds; asking is a request, so nothing is kept waiting. */
export async function eventually<T>(ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const began = performance.now()
  for (;;) {
    const value = await ask()
    if (holds(value)) return value
    // A deadline for what hangs, so that it says what the value was.
    if (performance.now() - began > 60_000) throw new Error(`it never came to hold: ${JSON.stringify(value)}`)
  }
}

/** Messages and gaps, in order, as words. */
export const story = (events: readonly PushEvent<string>[]): string[] =>
  events.flatMap((event) =>
    event.type === 'message' ? [event.data] : event.type === 'gap' ? [`gap ${event.reason}`] : [],
  )
