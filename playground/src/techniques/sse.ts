import { defineChannel, sse } from 'pinia-push'
import { decode } from '../machine.ts'

export const channel = defineChannel({
  url: (p: { origin: string }) => `${p.origin}/push/machine`,
  technique: sse(),
  decode,
})
