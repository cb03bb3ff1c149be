import { Observable, Subscription, identity, map, merge, take, tap, timer } from 'rxjs'
import type { Cursor } from '../cursor.ts'
import { PushError, asPushError, type PushErrorCode } from '../errors.ts'
import { ROTATE, type SourceEvent } from '../event.ts'
import { networkChanges } from '../network-changes.ts'
import type { PushRequest, Technique } from '../technique.ts'
import { DEV } from '../dev.ts'
import { ladderInWords } from './ladder-in-words.ts'
import { relay, type Outcome } from './relay.ts'
import { rungMemory, type RungMemory, type RungStorage } from './rung-memory.ts'

export interface FallbackOptions {
  /** How long a rung has to open, with bytes, before the next one is tried, in ms; the last one has the client's. @default 3_000 */
  openWithin?: number
  /** A connection that lasted for less is a short life, in ms. @default 5_000 */
  shortLife?: number
  /** How often in a row a rung may fail without a word, or live shortly, before the next one is tried. @default 3 */
  tries?: number
  /**
   * The first wait before a higher rung is tried again, and the longest, in ms; each is twice the one before, and drawn
   * from its upper half. @default { first: 10_000, max: 300_000 }
   */
  probe?: { first?: number; max?: number }
  /** How long a new rung stands beside the old before it carries on alone, in ms. @default 1_000 */
  settle?: number
  /** How long the rung that works is remembered for an origin, in ms. @default 600_000 */
  remember?: number
  /** Where it is remembered from visit to visit: `localStorage`. @default in memory only */
  storage?: RungStorage
  /** Says that this host may be in another network now: what was learnt is forgotten. @default what the page tells */
  changes$?: Observable<unknown>
  /** From 0 up to 1. @default Math.random */
  random?: () => number
}

/** What a failure before anything was heard means: try the `next` rung now, `count` it, or it is no fault of the `rung`. */
const UNOPENED = {
  unsupported: 'next',
  'headers-unsupported': 'next',
  timeout: 'next',
  silent: 'next',
  refused: 'next',
  'unexpected-answer': 'next',
  'too-many-streams': 'next',
  'invalid-url': 'next',
  unreachable: 'count',
  lost: 'count',
  unavailable: 'up',
  'cursor-lost': 'up',
  'prepare-failed': 'up',
  'buffer-full': 'up',
  'snapshot-failed': 'up',
  'gave-up': 'up',
  'invalid-message': 'up',
  'async-schema': 'up',
  'cannot-send': 'up',
  'not-connected': 'up',
  'send-lost': 'up',
  'send-refused': 'up',
  'invalid-option': 'up',
  'no-technique': 'up',
  'client-closed': 'up',
  'no-push': 'up',
  'apply-failed': 'up',
} as const satisfies Record<PushErrorCode, 'next' | 'count' | 'up'>

/** What stood for so long is well, in ms: the next try of a higher rung is soon again. */
const WELL = 60_000

/** How often in a row one channel's rungs failed. */
interface Counts {
  /** By rung: not opened, without a word. */
  unopened: number[]
  /** By rung: lived shortly. */
  short: number[]
}

/**
 * The ladder: several techniques, the best first, as one. It begins at the highest that this host supports and goes
 * down where one is refused, hangs, stays silent or dies young; while a lower one delivers, a higher one is tried with
 * growing spacing, and takes over without a message lost or repeated. Where no cursor proves that, readers are told by
 * a `gap`.
 *
 * What works is remembered for each origin, and forgotten when the network changes. `open` says which technique it is and
 * why, and `channel.explain()` tells it in words.
 *
 * @throws PushError `no-technique` where no technique is given, `invalid-option` where a number is out of its range.
 * @example createPushClient({ via: fallback(webSocket(), sse(), longPolling()), dialect: nchan() })
 * @example fallback({ storage: localStorage }, webSocket(), sse(), longPolling())
 */
export function fallback(...techniques: readonly Technique[]): Technique
export function fallback(options: FallbackOptions, ...techniques: readonly Technique[]): Technique
export function fallback(...given: readonly (FallbackOptions | Technique)[]): Technique {
  const techniques = given.filter(isTechnique)
  const options: FallbackOptions = given.find((one): one is FallbackOptions => !isTechnique(one)) ?? {}
  const {
    openWithin = 3_000,
    shortLife = 5_000,
    tries = 3,
    probe: { first = 10_000, max = 300_000 } = {},
    settle = 1_000,
    remember = 600_000,
    storage,
    changes$ = networkChanges(),
    random = Math.random,
  } = options
  if (techniques.length === 0) {
    throw new PushError('no-technique', DEV && 'fallback() names no technique: fallback(webSocket(), sse())')
  }
  const positive = { openWithin, tries, 'probe.first': first, remember }
  for (const [name, value] of Object.entries({ ...positive, shortLife, settle, 'probe.max': max - first })) {
    if (!(value >= Number(name in positive))) {
      throw new PushError('invalid-option', DEV && `${name} of fallback() is out of its range`)
    }
  }
  const names = techniques.map(({ name }) => name)
  const last = techniques.length - 1
  const memories = new Map<string, RungMemory>()
  const memoryOf = (url: string): RungMemory => {
    const { origin } = new URL(url)
    const memory =
      memories.get(origin) ?? rungMemory({ origin, names, remember, probe: { first, max }, storage, random })
    memories.set(origin, memory)
    return memory
  }
  const self: Technique = {
    name: 'fallback',
    watches: true,
    isSupported: () => techniques.some((technique) => technique.isSupported()),
    explain: (url, now) => ladderInWords(names, memoryOf(url), now),

    connect: (request) =>
      new Observable<SourceEvent>((subscriber) => {
        const { scheduler, watch = () => identity, memory: remembered = new Map<object, unknown>() } = request
        const memory = memoryOf(request.url)
        const counts = (remembered.get(self) ?? { unopened: [], short: [] }) as Counts
        remembered.set(self, counts)
        const failures: PushError[] = []
        let present = 0
        let heardAt: number | undefined
        let probing = new Subscription()

        const trouble = (index: number, error: PushError) =>
          memory.troubles.set(index, { said: error.message, at: scheduler.now() })

        const connection = (index: number, technique: Technique, cursor: Cursor | undefined) => {
          const within = index === last ? {} : { openWithin }
          return technique.connect({ ...request, cursor } satisfies PushRequest).pipe(
            watch(within),
            map((event) => (event.type === 'open' ? { ...event, why: because(index) } : event)),
          )
        }
        const because = (index: number) =>
          index === 0 ? 'it is the highest rung' : (memory.why ?? failures.at(-1)?.message ?? 'it worked before')

        const heard = (event: SourceEvent) => {
          if (event.type === 'open' && event.presumed) return
          heardAt = scheduler.now()
          counts.unopened = []
          const [failure] = failures.slice(-1)
          if (present > 0 && failure) memory.settle(present, failure.message, heardAt)
          else if (present === 0) memory.troubles.delete(0)
          seekHigher()
        }

        const descend = (index: number): void => {
          const technique = techniques[index]
          if (!technique) {
            // Nothing passes: it is the network or the server, and no rung's fault.
            memory.forget()
            return subscriber.error(failures.find(({ retryable }) => retryable) ?? failures[0])
          }
          present = index
          if (!technique.isSupported()) return unopened(unsupported(technique))
          const source = connection(index, technique, line.cursor)
          line.carry(source.pipe(tap((event) => heardAt ?? heard(event))))
        }

        const unopened = (error: PushError) => {
          trouble(present, error)
          failures.push(error)
          const aboutWhoAsks = error.code === 'refused' && (error.status === 401 || error.status === 403)
          const verdict = aboutWhoAsks ? 'up' : UNOPENED[error.code]
          const count = (counts.unopened[present] ?? 0) + 1
          counts.unopened[present] = count
          if (verdict === 'next' || (verdict === 'count' && count >= tries)) descend(present + 1)
          else subscriber.error(error)
        }

        const ended = (error: PushError, life: number) => {
          trouble(present, error)
          const short = life < shortLife ? (counts.short[present] ?? 0) + 1 : 0
          counts.short[present] = short
          if (life >= WELL) memory.stood()
          const young = short >= tries
          if (young) counts.short[present] = 0
          if (young || error.code === 'silent') {
            const why = young ? `${names[present]} broke ${short} times within ${shortLife} ms` : error.message
            if (present < last) memory.settle(present + 1, why, scheduler.now())
            else memory.forget()
          }
          subscriber.error(error)
        }

        const lost = (cause: unknown) => {
          probing.unsubscribe()
          if (cause === ROTATE) return subscriber.error(ROTATE)
          const error = named(asPushError(cause, 'lost', DEV && 'the connection broke'), names[present])
          if (heardAt === undefined) unopened(error)
          else ended(error, scheduler.now() - heardAt)
        }

        const seekHigher = () => {
          probing.unsubscribe()
          probing = new Subscription()
          if (present === 0) return
          const due$ = timer(Math.max(0, memory.probeAt - scheduler.now()), scheduler)
          probing.add(
            merge(due$, memory.sooner$)
              .pipe(take(1))
              .subscribe(() => climb(0)),
          )
        }

        const climb = (index: number): void => {
          if (index === 0) memory.probed(scheduler.now())
          const technique = techniques[index]
          if (!technique || index >= present) return seekHigher()
          if (!technique.isSupported()) return climb(index + 1)
          const outcome = (result: Outcome) => {
            if (result.type === 'failed') {
              trouble(index, named(asPushError(result.error, 'lost', false), names[index]))
              return climb(index + 1)
            }
            memory.troubles.delete(index)
            const why = memory.why ?? 'it worked before'
            present = index
            heardAt = scheduler.now()
            memory.settle(index, why, heardAt)
            // Where nothing proves that it goes on, the one is left before the other begins, and readers are told.
            if (result.type !== 'taken') return subscriber.error(ROTATE)
            seekHigher()
          }
          const trial = new Subscription()
          probing = trial
          trial.add(line.beside(connection(index, technique, line.cursor), outcome))
        }

        const line = relay(subscriber, { cursor: request.cursor, settle, scheduler, lost })
        subscriber.add(changes$.subscribe(() => memory.forget()))
        subscriber.add(() => {
          probing.unsubscribe()
          line.leave()
        })
        descend(memory.start(scheduler.now()))
      }),
  }
  return self
}

const isTechnique = (one: FallbackOptions | Technique): one is Technique => 'connect' in one

const unsupported = ({ name }: Technique) =>
  new PushError('unsupported', `this host has no ${name}`, { technique: name })

/** An error that says whose it is. */
const named = (error: PushError, technique: string | undefined): PushError => {
  if (error.technique !== undefined || technique === undefined) return error
  const { code, message, cause, status, retryAfter } = error
  return new PushError(code, message === code ? false : `${technique}: ${message}`, {
    cause,
    technique,
    status,
    retryAfter,
  })
}
