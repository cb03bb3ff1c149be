import { defineChannel } from 'pinia-push'

export const channel = defineChannel({
  url: (name: string) => `/push/${name}`,
  decode: (raw) => JSON.parse(raw) as string,
})
