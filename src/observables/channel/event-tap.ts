import { Observable, map, merge, switchMap } from 'rxjs'
import type { Channel } from './channel.ts'
import type { PushEvent } from '../events.ts'
import { devtoolsHook } from '../internal/devtools-hook.ts'

/** One event of a channel, as its readers were told it. */
export interface Heard {
  readonly channel: Channel<unknown, unknown>
  readonly event: PushEvent<unknown>
  /** When, in ms since the epoch. */
  readonly at: number
}

/** What is told by every channel that is read. Subscribing does not read, so it connects nothing and keeps nothing. */
export const overheard = (channels$: Observable<readonly Channel<unknown, unknown>[]>): Observable<Heard> =>
  channels$.pipe(
    switchMap((channels) =>
      merge(
        ...channels.map((channel) =>
          devtoolsHook(channel).events$.pipe(map((event) => ({ channel, event, at: Date.now() }))),
        ),
      ),
    ),
  )
