import { defineChannel, polling } from 'pinia-push'
import { decode } from '../machine.ts'

export const channel = defineChannel({
  url: (p: { origin: string }) => `${p.origin}/push/machine`,
  technique: polling({ minInterval: 500, maxInterval: 5_000 }),
  decode,
})
