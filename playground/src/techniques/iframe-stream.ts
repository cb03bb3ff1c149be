import { defineChannel, iframeStream } from 'pinia-push'
import { decode } from '../machine.ts'

export const channel = defineChannel({
  url: (p: { origin: string }) => `${p.origin}/push/machine`,
  technique: iframeStream(),
  decode,
})
