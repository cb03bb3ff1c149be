import { EMPTY, ReplaySubject, catchError, delayWhen, share, tap, type Observable, type SchedulerLike } from 'rxjs'
import { after } from '../../kit.ts'
import { player, type Player, type PlayerOptions } from './player.ts'

/** Acquires the player of a tunnel. It is released at unsubscription. */
export type AcquirePlayer = (proxyUrl: string, scheduler: SchedulerLike) => Observable<Player>

/** How long an unused player continues to run, in ms, because it closes its sockets only while it runs. */
const CLOSING = 1_000

/**
 * Creates the pool of players, one for each tunnel, because the tunnel of a player is fixed when it starts. The first
 * subscriber starts a player. It is suspended without subscribers, and removed `disconnectDelay` ms later. It is not
 * removed at once, because Ruffle never frees all memory of a player.
 */
export function playerPool(options: Omit<PlayerOptions, 'proxyUrl'>, disconnectDelay: number): AcquirePlayer {
  const players = new Map<string, Observable<Player>>()
  const shared = (proxyUrl: string, scheduler: SchedulerLike): Observable<Player> => {
    let started = new ReplaySubject<Player>(1)
    return player({ ...options, proxyUrl }, scheduler).pipe(
      share({
        connector: () => (started = new ReplaySubject<Player>(1)),
        // A start is completed even without subscribers, because the next one would repeat the download.
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
