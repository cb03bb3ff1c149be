import { acceptHMRUpdate, defineStore } from 'pinia'
import { ref } from 'vue'
import { channel } from './channels.ts'

export const useSetup = defineStore(
  'setup',
  () => {
    const list = ref<string[]>([])
    return { list }
  },
  {
    push: ({ bindChannel }) =>
      bindChannel(channel('setup'), {
        apply: (state, { data }) => void state.list.push(`before ${data}`),
      }),
  },
)

if (import.meta.hot) import.meta.hot.accept(acceptHMRUpdate(useSetup, import.meta.hot))
