import { defineStore } from 'pinia'
import { defineChannel, type BindingOptions, type Snapshot } from 'pinia-push'
import { snapshotRequests, mountStore } from './mount-store.ts'

export interface State {
  account: string | null
  list: string[]
  other: string
}
export const orders = defineChannel<string, { account: string }>({ url: ({ account }) => `/orders/${account}` })

let id = 0
/** Defines a store with an id of its own, which appends the messages. */
export const bound = (binding: Partial<BindingOptions<string, State>> = {}) => {
  id += 1
  return defineStore(`store-${id}`, {
    state: (): State => ({ account: 'a', list: [], other: 'kept' }),
    actions: {
      add(text: string) {
        this.list.push(text)
      },
    },
    push: ({ bindChannel, store }) =>
      bindChannel(() => (store.account === null ? null : orders({ account: store.account })), {
        apply: (state, { data }) => {
          if (data === 'bad') throw new Error('bad message')
          state.list.push(data)
        },
        ...binding,
      }),
  })
}

/** Mounts such a store with a snapshot that is resolved by the test. */
export const withSnapshot = (
  binding: Partial<BindingOptions<string, State>> = {},
  options?: Parameters<typeof mountStore>[1],
) => {
  const snapshots = snapshotRequests<Snapshot<State>>()
  return { snapshots, ...mountStore(bound({ snapshot: snapshots.load, ...binding }), options) }
}
export const list = (...texts: string[]) => ({ state: { list: texts } })
