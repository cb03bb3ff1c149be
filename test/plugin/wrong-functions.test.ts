// @vitest-environment jsdom
import { defineStore } from 'pinia'
import { describe, expect, test } from 'vitest'
import { backoff } from 'pinia-push'
import { mountStore } from './mount-store.ts'
import { bound, list, orders, withSnapshot, type State } from './order-store.ts'

describe('a source that throws', () => {
  let id = 0
  const careless = () => {
    id += 1
    return defineStore(`careless-${id}`, {
      state: (): { user: { account: string } | null } & Pick<State, 'list'> => ({ user: { account: 'a' }, list: [] }),
      push: ({ bindChannel, store }) =>
        bindChannel(() => orders({ account: (store.user as { account: string }).account }), {
          apply: (state, { data }) => void state.list.push(data),
        }),
    })
  }

  test('leaves the former channel at once and sets the error; the next source is read', async () => {
    const { store, technique, errors, advance } = mountStore(careless())
    technique.latest.open()
    store.user = null
    expect(technique.latest.closed).toBe(true)
    await advance()
    expect([store.$push.status, store.$push.error?.code, errors]).toEqual([
      'failed',
      'source-failed',
      [expect.any(TypeError)],
    ])
    store.user = { account: 'b' }
    await advance()
    technique.latest.open()
    technique.latest.message('bought')
    await advance()
    expect([store.$push.status, store.$push.error, store.list]).toEqual(['open', undefined, ['bought']])
  })
})

describe('a function that returns a promise which rejects', () => {
  const late = () => Promise.reject(new Error('late')) as never

  test('apply(): the rejection is reported, and the error is set', async () => {
    const { store, technique, errors, advance } = mountStore(bound({ apply: late }))
    technique.latest.open()
    technique.latest.message('one')
    await advance()
    expect(errors.map(String)).toEqual(['PushError: apply() failed: late. Fix the function.'])
    expect(store.$push.error?.code).toBe('apply-failed')
  })

  test('apply(), with a snapshot: a fresh one is loaded', async () => {
    let wrong = true
    const { store, snapshots, technique, errors, advance } = withSnapshot({
      apply: (state, { data }) => (wrong ? late() : void state.list.push(data)),
    })
    technique.latest.open()
    snapshots.latest.resolve(list())
    await advance()
    technique.latest.message('one')
    await advance()
    wrong = false
    await advance(500)
    snapshots.latest.resolve(list('one'))
    await advance()
    expect([store.list, store.$push.error, errors.map(String)]).toEqual([
      ['one'],
      undefined,
      ['PushError: apply() failed: late. Fix the function.'],
    ])
  })

  test('onGap(): the rejection is reported', async () => {
    const { technique, errors, advance } = mountStore(bound({ onGap: late }))
    technique.latest.open()
    technique.latest.gap('history-expired')
    await advance()
    expect(errors.map(String)).toEqual(['Error: late'])
  })
})

describe('a custom retry policy without a delay', () => {
  test.for([
    ['NaN', () => Number.NaN],
    [
      'a throw',
      () => {
        throw new Error('mine')
      },
    ],
  ] as const)('%s: the error is set, and refresh() loads the snapshot', async ([, delay]) => {
    const { snapshots, store, technique, advance } = withSnapshot(
      {},
      { retry: Object.assign(backoff(), { nextDelay: delay }) },
    )
    technique.latest.open()
    snapshots.latest.reject(new Error('503'))
    await advance()
    expect(store.$push.error?.code).toBe('invalid-option')
    void store.$push.refresh()
    snapshots.latest.resolve(list('one'))
    await advance()
    expect([store.list, store.$push.error]).toEqual([['one'], undefined])
  })
})
