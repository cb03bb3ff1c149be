import { defineStore } from 'pinia'
import { defineChannel, type BindingOptions, type Snapshot } from 'pinia-push'
import { answers, mountStore } from './mount-store.ts'

export interface State {
  account: string | null
  list: string[]
  other: string
}
export const orders = defineChannel<string, { account: string }>({ url: ({ account }) => `/orders/${account}` })

let id = 0
/** A store of its own for each test, that appends what it is told. */
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

/** The same, with a snapshot that is answered by the test. */
export const withSnapshot = (
  binding: Partial<BindingOptions<string, State>> = {},
  options?: Parameters<typeof mountStore>[1],
) => {
  const snapshots = answers<Snapshot<State>>()
  return { snapshots, ...mountStore(bound({ snapshot: snapshots.take, ...binding }), options) }
}
export const list = (...texts: string[]) => ({ state: { list: texts } })
