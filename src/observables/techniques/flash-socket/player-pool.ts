import { EMPTY, ReplaySubject, catchError, delayWhen, share, tap, type Observable, type SchedulerLike } from 'rxjs'
import { after } from '../../kit.ts'
import { player, type Player, type PlayerOptions } from './player.ts'

/** Lends the player of a tunnel for as long as it is subscribed. */
export type LendPlayer = (proxyUrl: string, scheduler: SchedulerLike) => Observable<Player>

/** A player closes what was left as it runs: so it runs for a while yet, in ms. */
const CLOSING = 1_000

/**
 * Players by tunnel, because where a player connects is fixed when it starts. One is started for the first who asks,
 * suspended when the last has left, and removed `disconnectDelay` ms later: each that is made leaves something behind in Ruffle.
 */
export function playerPool(options: Omit<PlayerOptions, 'proxyUrl'>, disconnectDelay: number): LendPlayer {
  const players = new Map<string, Observable<Player>>()
  const shared = (proxyUrl: string, scheduler: SchedulerLike): Observable<Player> => {
    let started = new ReplaySubject<Player>(1)
    return player({ ...options, proxyUrl }, scheduler).pipe(
      share({
        connector: () => (started = new ReplaySubject<Player>(1)),
        // What has not started yet is not left half-way: the download would begin anew.
        resetOnRefCountZero: () =>
          started.pipe(
            delayWhen(() => after(CLOSING, scheduler)),
            tap((idle) => idle.suspend()),
            delayWhen(() => after(disconnectDelay, scheduler)),
            catchError(() => EMPTY),
          ),
      }),
    )
  }
  return (proxyUrl, scheduler) => {
    const acquired = players.get(proxyUrl) ?? shared(proxyUrl, scheduler)
    players.set(proxyUrl, acquired)
    return acquired.pipe(tap((running) => running.resume()))
  }
}
