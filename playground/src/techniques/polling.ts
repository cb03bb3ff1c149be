import { defineChannel, polling } from 'pinia-push'
import { decode } from '../machine.ts'

export const channel = defineChannel({
  url: (p: { origin: string }) => `${p.origin}/push/machine`,
  via: polling({ floor: 500, ceiling: 5_000 }),
  decode,
})
