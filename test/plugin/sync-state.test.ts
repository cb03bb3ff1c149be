import { describe, expect, test } from 'vitest'
import { PushError } from 'pinia-push'
import {
  initialSyncState,
  transition,
  type SyncEffect,
  type SyncEvent,
  type SyncState,
} from '../../src/plugin/sync-state.ts'

const error = new PushError('unavailable', 'busy')
const open: SyncEvent = { type: 'open', technique: 'sse', unconfirmed: false }
const unconfirmed: SyncEvent = { ...open, unconfirmed: true }
const reconnecting: SyncEvent = { type: 'reconnecting', error, attempt: 1, delay: 250, retryAt: 250 }
const first: SyncEvent = { type: 'connecting', attempt: 0 }
const later: SyncEvent = { type: 'connecting', attempt: 1 }

const idle: SyncState = { phase: 'idle', basis: 'none' }
const connecting: SyncState = { phase: 'connecting', basis: 'none' }
const loading = (basis: SyncState['basis']): SyncState => ({ phase: 'loading', basis })
const live = (basis: SyncState['basis']): SyncState => ({ phase: 'live', basis })
const stale = (basis: SyncState['basis']): SyncState => ({ phase: 'stale', basis })
const backoff = (basis: SyncState['basis'], delay = 250): SyncState => ({ phase: 'backoff', basis, delay })

describe('a store', () => {
  test.each([
    ['waits for the channel if it loads a snapshot', { resumes: false, loads: true }, idle],
    ['is live at once without a snapshot', { resumes: false, loads: false }, live('none')],
    ['is live at once, as if it were open, with the state of a server', { resumes: true, loads: true }, live('open')],
  ])('%s', (_, options, state) => {
    expect(initialSyncState(options)).toEqual(state)
  })
})

describe('a transition', () => {
  test.each<[string, SyncState, SyncEvent, SyncState, SyncEffect[]]>([
    ['limits the first attempt', idle, first, connecting, ['await-open']],
    ['loads when the channel opens', connecting, open, loading('open'), ['load']],
    ['loads when a connection is presumed to be open', connecting, unconfirmed, loading('unconfirmed'), ['load']],
    ['loads when the first attempt is slow', connecting, { type: 'slow' }, loading('disconnected'), ['load']],
    ['loads when the first attempt fails', connecting, reconnecting, loading('disconnected'), ['load']],
    ['loads when the channel fails', connecting, { type: 'failed', error }, loading('disconnected'), ['load']],
    ['loads when the channel is closed', idle, { type: 'closed', by: 'server' }, loading('disconnected'), ['load']],
    ['loads when it joins a channel that reconnects', idle, later, loading('disconnected'), ['load']],
    ['loads again when it opens after that', loading('disconnected'), open, loading('open'), ['load']],
    ['loads again when it is presumed open', live('disconnected'), unconfirmed, loading('unconfirmed'), ['load']],
    ['loads again when that is confirmed', live('unconfirmed'), open, loading('open'), ['load']],
    ['loads at once when it opens during a delay', backoff('disconnected'), open, loading('open'), ['load']],
    ['loads when it opens though the policy gave up', stale('unconfirmed'), open, loading('open'), ['load']],

    [
      'applies messages once the snapshot is loaded',
      loading('open'),
      { type: 'loaded' },
      live('open'),
      ['settle-refresh'],
    ],
    [
      'applies messages if there is no snapshot',
      loading('open'),
      { type: 'no-snapshot' },
      live('open'),
      ['settle-refresh', 'apply'],
    ],
    ['calls the policy after a gap', live('open'), { type: 'gap' }, live('open'), ['plan-retry']],
    [
      'calls the policy after a gap that overtakes a load',
      loading('open'),
      { type: 'gap' },
      loading('open'),
      ['plan-retry'],
    ],
    ['calls the policy again after it gave up', stale('open'), { type: 'gap' }, stale('open'), ['plan-retry']],
    [
      'calls the policy after an error',
      live('open'),
      { type: 'error' },
      live('open'),
      ['settle-refresh', 'plan-retry'],
    ],
    ['loads at once without a delay', live('open'), { type: 'retry', delay: 0 }, loading('open'), ['load']],
    ['waits for a delay', live('open'), { type: 'retry', delay: 9 }, backoff('open', 9), ['await-delay']],
    ['loads when the delay is over', backoff('open'), { type: 'due' }, loading('open'), ['load']],
    ['is stale when the policy gives up', loading('open'), { type: 'give-up' }, stale('open'), ['settle-refresh']],
    ['loads on refresh() though the policy gave up', stale('open'), { type: 'refresh' }, loading('open'), ['load']],
    ['loads on refresh() before it is open', connecting, { type: 'refresh' }, loading('none'), ['load']],

    ['starts over when nothing reads during a load', loading('open'), { type: 'idle' }, idle, ['settle-refresh']],
    ['starts over when nothing reads during a delay', backoff('open'), { type: 'idle' }, idle, ['settle-refresh']],
    [
      'settles refresh() after an error during a delay',
      backoff('open'),
      { type: 'error' },
      backoff('open'),
      ['settle-refresh'],
    ],
  ])('%s', (_, state, event, next, effects) => {
    expect(transition(state, event)).toEqual([next, ...effects])
  })

  test.each<[string, SyncState, SyncEvent]>([
    ['a reconnect', live('open'), open],
    ['a reconnect that is presumed open', live('open'), unconfirmed],
    ['a second attempt', live('open'), later],
    ['a lost connection', live('open'), reconnecting],
    ['a lost connection during a load', loading('disconnected'), reconnecting],
    ['another first attempt', connecting, first],
    ['a pause of a live store', live('open'), { type: 'idle' }],
    ['a gap before the first load', connecting, { type: 'gap' }],
    ['a gap during a delay', backoff('open'), { type: 'gap' }],
  ])('does nothing for %s, so that the task goes on', (_, state, event) => {
    const [next, ...effects] = transition(state, event)
    expect(next).toBe(state)
    expect(effects).toEqual([])
  })
})
