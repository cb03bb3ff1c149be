import { Observable, Subscription, catchError, identity, map, of, switchMap, tap } from 'rxjs'
import type { HeartbeatOptions } from '../connection/heartbeat-monitor.ts'
import { renewalTime } from '../connection/token-expiry.ts'
import { DEV } from '../internal/dev.ts'
import { PushError, fault, type PushErrorDetails } from '../errors.ts'
import { withToken } from '../http/with-token.ts'
import { RECYCLE, type SourceEvent } from '../events.ts'
import type { PushRequest, Technique } from '../techniques/technique.ts'
import { judgeFailure, mostRelevant, type SessionLimits } from './fallback-policy.ts'
import { handover } from './handover.ts'
import type { TechniqueMemory } from './technique-memory.ts'
import { trackCursor } from './track-cursor.ts'
import { upgradeProbe, type Replacement, type Session } from './upgrade-probe.ts'

/** How many short sessions in a row a channel had with each technique, by index. */
export type ShortSessions = number[]

export interface RunFallbackOptions {
  /** The best technique first. */
  techniques: readonly Technique[]
  request: PushRequest
  memory: TechniqueMemory
  shortSessions: ShortSessions
  limits: SessionLimits & { readonly connectTimeout: number; readonly overlapTime: number }
  networkChange$: Observable<unknown>
}

type Target = Pick<PushRequest, 'url' | 'headers' | 'subprotocols' | 'expiresAt' | 'token'>

/**
 * Makes one attempt. It begins with the technique that the memory names, and tries the next one until one opens. While
 * that one delivers, it tries the better ones again.
 */
export function runFallback({
  techniques,
  request,
  memory,
  shortSessions,
  limits,
  networkChange$,
}: RunFallbackOptions): Observable<SourceEvent> {
  const { scheduler, prepareAgain = () => of<Target>(request) } = request
  const { connectTimeout, overlapTime } = limits
  const count = techniques.length

  return new Observable((subscriber) => {
    const start = memory.start(scheduler.now())
    /** Errors of the techniques that did not open in this attempt. */
    const failures: PushError[] = []
    const position = trackCursor(request)
    let session: Session
    /** When the session's first event came; undefined before. */
    let openedAt: number | undefined
    let probing = Subscription.EMPTY

    const connect = (technique: Technique, index: number, target: Target, why: string) => {
      const reason = index === 0 ? 'it is the best technique' : why
      const own = index === count - 1 ? {} : { connectTimeout }
      return connectBy(technique, { ...request, ...target, cursor: position.cursor }, own, reason)
    }

    const tryNext = (): void => {
      // If the technique that worked before fails, the better ones are tried again.
      const index = (start + failures.length) % count
      const technique = techniques[index]
      if (!technique || failures.length === count) return subscriber.error(mostRelevant(failures))
      session = { technique, index, renewAt: undefined }
      if (!technique.isSupported()) return lose(unsupported(technique))
      const target$ = failures.length === 0 ? of<Target>(request) : prepareAgain()
      const reason = failures.at(-1)?.message ?? memory.reason ?? WORKED_BEFORE
      line.use(
        target$.pipe(
          switchMap((target) => {
            session = { technique, index, renewAt: renewalTime(target.expiresAt, scheduler) }
            return connect(technique, index, target, reason)
          }),
          tap((event) => openedAt ?? open(event)),
        ),
      )
    }

    const open = (event: SourceEvent) => {
      if ((event.type === 'open' && event.unconfirmed) || event.type === 'retry') return
      openedAt = scheduler.now()
      memory.recordSuccess(session.index)
      const failure = failures.at(-1)
      if (failure) memory.settle(session.index, failure.message, openedAt)
      probing = upgradeProbe({ techniques, memory, session: () => session, replace, scheduler }).subscribe(replaced)
    }

    /** Opens a connection beside the one in use, which hands over to it. */
    const replace = (technique: Technique, index: number): Observable<Replacement> =>
      prepareAgain().pipe(
        switchMap((target) => {
          // Read now, because the token may expire before the connection is open.
          const renewAt = renewalTime(target.expiresAt, scheduler)
          const connection = connect(technique, index, target, 'it works again')
          return line
            .handOver(connection, index === session.index)
            .pipe(map((outcome) => ({ technique, index, renewAt, outcome })))
        }),
        catchError((error: unknown) =>
          of<Replacement>({ technique, index, renewAt: undefined, outcome: { type: 'failed', error } }),
        ),
      )

    const replaced = ({ outcome, ...next }: Replacement) => {
      const upgrades = next.index < session.index
      if (outcome.type === 'failed') {
        if (upgrades) recordFailure(memory, next, outcome.error, scheduler.now())
        // A token that cannot be renewed is rejected when it expires, and is then prepared again.
        else session = { ...session, renewAt: undefined }
        return
      }
      session = next
      if (upgrades) {
        openedAt = scheduler.now()
        memory.recordSuccess(next.index)
        memory.settle(next.index, memory.reason ?? WORKED_BEFORE, openedAt)
      }
      // If nothing proves that the new connection resumes, the old one is closed first, and subscribers receive a gap.
      if (outcome.type !== 'taken-over') subscriber.error(RECYCLE)
    }

    const lose = (cause: unknown) => {
      probing.unsubscribe()
      if (cause === RECYCLE) return subscriber.error(RECYCLE)
      const now = scheduler.now()
      const { index } = session
      const error = recordFailure(memory, session, cause, now)
      const uptime = openedAt === undefined ? undefined : now - openedAt
      const verdict = judgeFailure(error, { uptime, shortSessions: shortSessions[index] ?? 0 }, limits)
      if (verdict.type === 'try-next') {
        failures.push(error)
        return tryNext()
      }
      shortSessions[index] = verdict.shortSessions
      if (verdict.stable) memory.wasStable()
      if (verdict.type === 'keep') return subscriber.error(error)
      const next = (index + 1) % count
      memory.settle(next, verdict.reason, now)
      subscriber.error(next === 0 ? error : withDetails(error, { immediate: true }))
    }

    const line = handover({
      output: {
        next(event) {
          position.next(event)
          subscriber.next(event)
        },
        error: lose,
        complete: () => subscriber.complete(),
      },
      namespace: () => position.namespace,
      overlapTime,
      scheduler,
    })
    subscriber.add(networkChange$.subscribe(() => memory.forget()))
    subscriber.add(() => {
      probing.unsubscribe()
      line.close()
    })
    tryNext()
  })
}

/** Connects by one technique, watches that connection, and reports the reason for it. */
function connectBy(
  technique: Technique,
  request: PushRequest,
  limits: HeartbeatOptions,
  reason: string,
): Observable<SourceEvent> {
  const { watch = () => identity } = request
  return technique.connect(withToken(technique, request)).pipe(
    watch(limits),
    map((event) => (event.type === 'open' ? { ...event, reason } : event)),
  )
}

const WORKED_BEFORE = 'it worked before'

const unsupported = ({ name }: Technique) =>
  new PushError('unsupported', DEV && `This host does not support ${name}. Use another technique.`, { technique: name })

const warnOfHeaders = (message: string) =>
  console.warn(
    `pinia-push: fallback() skips a technique. ${message.replace(/\.?$/, '.')} Every technique can send what \`prepareRequest\` returns as \`query\`.`,
  )

/** Records the failure of a technique, and returns it as an error that names the technique. */
function recordFailure(memory: TechniqueMemory, { technique, index }: Session, cause: unknown, at: number): PushError {
  const original = fault(cause)
  const error = original.technique === undefined ? withDetails(original, { technique: technique.name }) : original
  const { code, message } = error
  const permanent = code === 'headers-unsupported'
  if (process.env.NODE_ENV !== 'production' && permanent && memory.failureOf(index)?.message !== message)
    warnOfHeaders(message)
  memory.recordFailure(index, { message, at, permanent })
  return error
}

/** Returns a copy of the error with more details. */
function withDetails(error: PushError, more: PushErrorDetails): PushError {
  const { code, message: text, cause, status, retryAfter, technique } = error
  const message = text === code ? false : more.technique === undefined ? text : `${more.technique}: ${text}`
  return new PushError(code, message, {
    cause,
    status,
    retryAfter,
    ...(technique !== undefined && { technique }),
    ...more,
  })
}
