import { defineStore } from 'pinia'
import { defineChannel } from 'pinia-push'
import { decode, type Board } from './machine.ts'

const machine = defineChannel({ url: '/push/machine', decode })

/** The live state of this machine: a snapshot, then changes. */
export const useBoard = defineStore('board', {
  state: (): Board => ({ host: '', cores: 0, cpu: 0, load: 0, memory: 0, delay: 0, processes: {} }),
  getters: {
    busiest: ({ processes }) =>
      Object.values(processes).toSorted((a, b) => b.cpu - a.cpu || b.memory - a.memory || a.pid - b.pid),
  },
  push: ({ bindChannel }) => {
    bindChannel(machine(), {
      snapshot: () => fetch('/board').then((response) => response.json()),
      apply(state, { data }) {
        if (data.kind === 'note') return
        const { cpu, load, memory, delay, processes = {} } = data
        Object.assign(state, { cpu, load, memory, delay })
        for (const [pid, row] of Object.entries(processes)) {
          if (row) state.processes[Number(pid)] = row
          else delete state.processes[Number(pid)]
        }
      },
    })
  },
})
