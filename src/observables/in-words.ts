import type { PushState } from './event.ts'

/** A URL as messages show it: without its query, which may hold a token. */
export const shown = (url: string): string => url.split('?', 1)[0] ?? url

/** What a caught value says. */
export const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const STATES: { readonly [S in PushState['type']]: (state: Extract<PushState, { type: S }>, now: number) => string } = {
  idle: ({ paused }) => (paused ? `is paused (${paused.join(', ')})` : 'is idle: nobody reads it'),
  connecting: ({ attempt }) => (attempt === 0 ? 'connects' : `connects again, after ${attempt} failures`),
  open: ({ technique, presumed, why }) =>
    `is open by ${technique}${presumed ? ', of which nothing was heard yet' : ''}${why ? `, because ${why}` : ''}`,
  waiting: ({ error, retryAt }, now) =>
    `waits, and tries again in ${Math.max(0, Math.ceil((retryAt - now) / 1_000))} s: ${error.message}`,
  closed: ({ by }) => (by === 'server' ? 'has ended' : 'was closed'),
  failed: ({ error }) => `failed: ${error.message}`,
}

/** How a channel is, as a person would say it. */
export const inWords = (url: string, state: PushState, now: number, more: string | undefined): string =>
  // What names a function for each type takes each type.
  [`${shown(url)} ${(STATES[state.type] as (state: PushState, now: number) => string)(state, now)}`, more]
    .filter(Boolean)
    .join('; ')
