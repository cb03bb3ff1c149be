import { NEVER, Observable, Subscription, identity, map, merge, of, race, switchMap, take, tap } from 'rxjs'
import { moved } from '../connection/cursor.ts'
import { DEV } from '../internal/dev.ts'
import { PushError, fault, type PushErrorCode, type PushErrorDetails } from '../errors.ts'
import { RECYCLE, type SourceEvent } from '../events.ts'
import type { PushRequest, Technique } from '../techniques/technique.ts'
import { handover, type Outcome } from './handover.ts'
import { renewalTime } from '../connection/token-expiry.ts'
import type { TechniqueMemory } from './technique-memory.ts'
import { after } from '../internal/time.ts'

/** How often in a row one channel's connections lived shortly, by rung. */
export type Counts = number[]

export interface RunFallbackOptions {
  /** The highest rung first. */
  techniques: readonly Technique[]
  request: PushRequest
  memory: TechniqueMemory
  counts: Counts
  limits: {
    readonly connectTimeout: number
    readonly minUptime: number
    readonly maxShortSessions: number
    readonly overlapTime: number
  }
  networkChange$: Observable<unknown>
}

/**
 * Errors before anything was received that another technique may not meet. A host that hides why a connection failed says
 * no more than `network-error`; whether the technique is at fault is seen by whether another one passes.
 */
const FALL_BACK_ON: ReadonlySet<PushErrorCode> = new Set([
  'unsupported',
  'headers-unsupported',
  'connect-timeout',
  'heartbeat-timeout',
  'rejected',
  'unexpected-response',
  'connection-limit',
  'invalid-url',
  'network-error',
  'connection-lost',
])

type Target = Pick<PushRequest, 'url' | 'headers' | 'subprotocols' | 'expiresAt'>

/** What stood for so long is well, in ms: the next try of a higher rung is soon again. */
const STABLE_AFTER_MS = 60_000

/**
 * One attempt on the ladder: begins at the rung that is remembered, goes on to the next until one opens, and tries the
 * higher ones while it delivers.
 */
export function runFallback({
  techniques,
  request,
  memory,
  counts,
  limits: { connectTimeout, minUptime, maxShortSessions, overlapTime },
  networkChange$: changes$,
}: RunFallbackOptions): Observable<SourceEvent> {
  const { scheduler, watch = () => identity, prepareAgain = () => of(request) } = request
  const last = techniques.length - 1

  return new Observable((subscriber) => {
    let start = memory.start(scheduler.now())
    const failures: PushError[] = []
    let { namespace = '', value = undefined as string | undefined } = request.cursor ?? {}
    let tried = 0
    let present = start
    let heardAt: number | undefined
    let probing = new Subscription()
    let renewAt: number | undefined

    const tell = (event: SourceEvent) => {
      if (event.type === 'message') value = event.cursor || undefined
      else if (event.type === 'open') {
        namespace = event.namespace
        if (!event.resumed) value = undefined
      } else if (event.type !== 'retry') value = moved(value, event.cursor)
      subscriber.next(event)
    }

    const connection = (index: number, technique: Technique, target: Target, reason: string) => {
      const cursor = value === undefined || request.withoutCursor ? undefined : { namespace, value }
      const why = index === 0 ? 'it is the highest rung' : reason
      return technique.connect({ ...request, ...target, cursor }).pipe(
        watch(index === last ? {} : { connectTimeout }),
        map((event) => (event.type === 'open' ? { ...event, reason: why } : event)),
      )
    }

    const recordFailure = (index: number, cause: unknown): PushError => {
      const error = ofTechnique(fault(cause), techniques[index])
      const lasting = error.code === 'headers-unsupported'
      if (DEV && lasting && memory.troubles.get(index)?.said !== error.message)
        console.warn(
          `pinia-push: fallback() passes this technique by. ${error.message} What \`prepareRequest\` gives as \`query\` every technique can send.`,
        )
      memory.troubles.set(index, { said: error.message, at: scheduler.now(), lasting })
      return error
    }

    const isWorthATry = (index: number) => !memory.troubles.get(index)?.lasting

    const heard = (event: SourceEvent) => {
      if ((event.type === 'open' && event.unconfirmed) || event.type === 'retry') return
      heardAt = scheduler.now()
      memory.troubles.delete(present)
      const failure = failures.at(-1)
      if (failure) memory.settle(present, failure.message, heardAt)
      scheduleProbe()
    }

    const tryNext = (): void => {
      // Where what worked before does not, the higher ones are worth a try.
      present = (start + tried) % techniques.length
      const technique = techniques[present]
      if (!technique || tried === techniques.length) {
        const retryable = failures.filter((error) => error.retryable)
        return subscriber.error(
          retryable.find(({ code }) => code === 'unexpected-response') ?? retryable[0] ?? failures[0],
        )
      }
      const target$ = tried === 0 ? of(request) : prepareAgain()
      tried += 1
      if (!technique.isSupported()) return lost(unsupported(technique))
      line.carry(
        target$.pipe(
          switchMap((target) => {
            renewAt = renewalTime(target.expiresAt, scheduler)
            return connection(present, technique, target, failures.at(-1)?.message ?? memory.why ?? 'it worked before')
          }),
          tap((event) => heardAt ?? heard(event)),
        ),
      )
    }

    const lost = (cause: unknown) => {
      probing.unsubscribe()
      if (cause === RECYCLE) return subscriber.error(RECYCLE)
      const error = recordFailure(present, cause)
      if (heardAt === undefined) unopened(error)
      else ended(error, scheduler.now() - heardAt)
    }

    const unopened = (error: PushError) => {
      failures.push(error)
      if (FALL_BACK_ON.has(error.code)) tryNext()
      else subscriber.error(error)
    }

    const ended = (error: PushError, life: number) => {
      if (life >= STABLE_AFTER_MS) memory.stood()
      const short = life < minUptime ? (counts[present] ?? 0) + 1 : 0
      const young = short >= maxShortSessions
      counts[present] = young ? 0 : short
      if (!young && error.code !== 'heartbeat-timeout') return subscriber.error(error)
      const why = young ? `${error.technique} broke ${short} times within ${minUptime} ms` : error.message
      memory.settle(present === last ? 0 : present + 1, why, scheduler.now())
      subscriber.error(present === last ? error : asOf(error, { immediate: true }))
    }

    /** Waits for what comes next while the present rung delivers: a try of a higher one, or a token that expires. */
    const scheduleProbe = () => {
      probing.unsubscribe()
      probing = new Subscription()
      const at = (due: number) => after(Math.max(0, due - scheduler.now()), scheduler)
      const climbs = techniques.some((_, index) => index < present && isWorthATry(index))
      const climb$ = !climbs ? NEVER : merge(at(memory.probeAt), memory.sooner$).pipe(map(() => tryHigher))
      const renew$ = renewAt === undefined ? NEVER : at(renewAt).pipe(map(() => renew))
      probing.add(
        race(climb$, renew$)
          .pipe(take(1))
          .subscribe((next) => next()),
      )
    }

    const tryHigher = () => {
      memory.probed(scheduler.now())
      tryFrom(0)
    }
    const tryFrom = (index: number): void => {
      const technique = techniques[index]
      if (!technique || index >= present) return scheduleProbe()
      if (!technique.isSupported() || !isWorthATry(index)) return tryFrom(index + 1)
      const failed = (cause: unknown) => {
        recordFailure(index, cause)
        tryFrom(index + 1)
      }
      const taken = () => {
        memory.troubles.delete(index)
        memory.settle(index, memory.why ?? 'it worked before', scheduler.now())
        present = start = index
        tried = 1
        heardAt = scheduler.now()
      }
      change(index, technique, { taken, failed, trusted: false })
    }

    const renew = () => {
      renewAt = undefined
      const technique = techniques[present]
      // What cannot be renewed now is going to be refused, and then it is prepared again.
      if (technique) change(present, technique, { taken: () => {}, failed: scheduleProbe, trusted: true })
    }

    /** Changes over to a new connection, without a message lost or repeated. */
    const change = (
      index: number,
      technique: Technique,
      { taken, failed, trusted }: { taken: () => void; failed: (cause: unknown) => void; trusted: boolean },
    ) => {
      probing.unsubscribe()
      const trial = (probing = new Subscription())
      const open = (target: Target) => {
        // It may expire while the new connection opens.
        const due = renewalTime(target.expiresAt, scheduler)
        const ended = (outcome: Outcome) => {
          if (outcome.type === 'failed') return failed(outcome.error)
          taken()
          // Where nothing proves that it goes on, the one is left before the other begins, and readers are told.
          if (outcome.type !== 'taken') return subscriber.error(RECYCLE)
          renewAt = due
          scheduleProbe()
        }
        trial.add(line.beside(connection(index, technique, target, 'it works again'), ended, trusted))
      }
      trial.add(prepareAgain().subscribe({ next: open, error: failed }))
    }

    const complete = () => subscriber.complete()
    const line = handover({ tell, lost, complete, space: () => namespace, settle: overlapTime, scheduler })
    subscriber.add(changes$.subscribe(() => memory.forget()))
    subscriber.add(() => {
      probing.unsubscribe()
      line.leave()
    })
    tryNext()
  })
}

const unsupported = ({ name }: Technique) =>
  new PushError('unsupported', `this host has no ${name}`, { technique: name })

/** An error that says whose it is. */
function ofTechnique(error: PushError, technique: Technique | undefined): PushError {
  if (error.technique !== undefined || !technique) return error
  return asOf(error, { technique: technique.name })
}

/** The same error, with more details. */
function asOf(error: PushError, more: PushErrorDetails): PushError {
  const { code, message, cause, status, retryAfter, technique } = error
  const said = message === code ? false : more.technique === undefined ? message : `${more.technique}: ${message}`
  return new PushError(code, said, {
    cause,
    status,
    retryAfter,
    ...(technique !== undefined && { technique }),
    ...more,
  })
}
