// src/stores/notices.ts
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { notices } from '../channels'

export const useNotices = defineStore(
  'notices',
  () => {
    const list = ref<string[]>([])
    const unread = computed(() => list.value.length)
    const clear = () => (list.value = [])
    return { list, unread, clear }
  },
  {
    push: ({ bindChannel }) => {
      bindChannel(notices(), {
        apply: (state, { data }) => {
          state.list.push(data)
        },
      })
    },
  },
)
