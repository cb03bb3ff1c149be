import { Observable, map, merge, switchMap } from 'rxjs'
import type { Channel } from './channel.ts'
import type { PushEvent } from '../events.ts'
import { devtoolsHook } from '../internal/devtools-hook.ts'

/** One event of a channel, as its readers received it. */
export interface TappedEvent {
  readonly channel: Channel<unknown, unknown>
  readonly event: PushEvent<unknown>
  /** The time, in ms since the epoch. */
  readonly at: number
}

/** Emits the events of all channels that have readers. A subscriber is not a reader, so it does not connect a channel. */
export const tapEvents = (channels$: Observable<readonly Channel<unknown, unknown>[]>): Observable<TappedEvent> =>
  channels$.pipe(
    switchMap((channels) =>
      merge(
        ...channels.map((channel) =>
          devtoolsHook(channel).events$.pipe(map((event) => ({ channel, event, at: Date.now() }))),
        ),
      ),
    ),
  )
