import { flashSocket } from 'pinia-push/flash-socket'
import { defineChannel } from 'pinia-push'
import { decode } from '../machine.ts'

export const channel = defineChannel({
  url: (p: { origin: string }) => `${p.origin}/push/machine`,
  technique: flashSocket({ proxyUrl: './' }),
  decode,
})
