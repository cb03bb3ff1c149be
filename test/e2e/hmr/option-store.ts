import { acceptHMRUpdate, defineStore } from 'pinia'
import { defineChannel } from 'pinia-push'

const channel = defineChannel({ url: '/push/option' })

export const useOption = defineStore('option', {
  state: () => ({ list: [] as string[] }),
  push: ({ bindChannel }) =>
    bindChannel(channel(), {
      apply: (state, { data }) => void state.list.push(`before ${data}`),
    }),
})

if (import.meta.hot) import.meta.hot.accept(acceptHMRUpdate(useOption, import.meta.hot))
