import {
  EMPTY,
  NEVER,
  concatMap,
  defer,
  from,
  map,
  merge,
  race,
  repeat,
  switchMap,
  take,
  takeWhile,
  type Observable,
  type SchedulerLike,
} from 'rxjs'
import { after } from '../internal/time.ts'
import type { Technique } from '../techniques/technique.ts'
import type { HandoverOutcome } from './handover-state.ts'
import type { TechniqueMemory } from './technique-memory.ts'

/** The connection in use. */
export interface Session {
  readonly technique: Technique
  /** The index of its technique. */
  readonly index: number
  /** When it has to be replaced, before its token expires, by the scheduler's clock; undefined: never. */
  readonly renewAt: number | undefined
}

/** A connection that was to replace the one in use. */
export interface Replacement extends Session {
  readonly outcome: HandoverOutcome
}

export interface UpgradeProbeOptions {
  techniques: readonly Technique[]
  memory: TechniqueMemory
  /** Returns the connection in use. */
  session: () => Session
  /** Opens a connection beside the one in use. Emits it once, with its outcome. */
  replace: (technique: Technique, index: number) => Observable<Replacement>
  scheduler: SchedulerLike
}

/**
 * Replaces the connection in use while it delivers. A better technique is tried when the memory's wait is over. The same
 * technique is used again before its token expires. Emits every attempt, and never completes.
 */
export function upgradeProbe({
  techniques,
  memory,
  session,
  replace,
  scheduler,
}: UpgradeProbeOptions): Observable<Replacement> {
  const at = (due: number) => after(Math.max(0, due - scheduler.now()), scheduler)

  /** Tries the better techniques in order, until one takes over. */
  const upgrade = ({ index: current }: Session) => {
    memory.probeStarted(scheduler.now())
    return from(techniques.slice(0, current)).pipe(
      concatMap((technique, index) =>
        technique.isSupported() && memory.isWorthTrying(index) ? replace(technique, index) : EMPTY,
      ),
      takeWhile(({ outcome }) => outcome.type === 'failed', true),
    )
  }

  return defer(() => {
    const current = session()
    const { technique, index, renewAt } = current
    const upgrade$ = memory.canUpgrade(index) ? merge(at(memory.probeAt), memory.probeNow$) : NEVER
    const renew$ = renewAt === undefined ? NEVER : at(renewAt)
    return race(
      upgrade$.pipe(map(() => () => upgrade(current))),
      renew$.pipe(map(() => () => replace(technique, index))),
    )
  }).pipe(
    take(1),
    switchMap((attempt) => attempt()),
    repeat(),
  )
}
