import { expect, onTestFinished, test } from 'vitest'
import { createHub, type Hub } from 'pinia-push/hub'
import type { Backend, Technique } from 'pinia-push/kit'
import { backoff, createPushClient, longPolling, nchan, sse } from 'pinia-push/observables'
import { lastId } from './last-id.ts'
import { ownStream } from './own-stream.ts'
import { steadyPolling } from './steady-polling.ts'

/** A hub, and a channel of it that is read. */
async function reading(technique: Technique, backend: Backend) {
  let hub: Hub = createHub()
  let listening = await hub.listen()
  const { url, port } = listening
  const push = createPushClient({ technique, backend, retry: backoff({ initialDelay: 10, maxDelay: 50 }) })
  onTestFinished(async () => {
    push.close()
    await listening.close()
  })
  const seen: string[] = []
  const channel = push.channel<string>(`${url}/push/news`)
  channel.events$.subscribe((event) => {
    if (event.type === 'message') seen.push(event.data)
    if (event.type === 'gap' || event.type === 'invalid' || event.type === 'failed') seen.push(event.type)
  })
  const opens = async () => {
    await expect.poll(() => channel.status).toBe('open')
  }
  await opens()
  return {
    channel,
    seen,
    opens,
    publish: (data: string) => void hub.publish('news', JSON.stringify(data)),
    async restart() {
      await listening.close()
      hub = createHub()
      listening = await hub.listen({ port })
    },
  }
}

const OWN: Record<string, [Technique, Backend]> = {
  'a technique that is a loop of the kit, with a backend of the package': [steadyPolling(), nchan()],
  'a technique that opens its own connection, with a backend of the package': [ownStream(), nchan()],
  'a technique of the package with a backend of your own': [sse(), lastId()],
  'a technique and a backend of your own': [ownStream(), lastId()],
}

test.for(Object.entries(OWN))('%s reads messages, once each and in order', async ([, [technique, backend]]) => {
  const { publish, seen } = await reading(technique, backend)
  for (const data of ['a', 'b', 'c']) publish(data)
  await expect.poll(() => seen).toEqual(['a', 'b', 'c'])
})

test('a technique and a backend of your own reconnect, and report a gap if the server lost the messages', async () => {
  const { publish, restart, seen, opens } = await reading(ownStream(), lastId())
  publish('a')
  await expect.poll(() => seen).toEqual(['a'])
  await restart()
  await opens()
  await expect.poll(() => seen).toEqual(['a', 'gap'])
  publish('b')
  await expect.poll(() => seen).toEqual(['a', 'gap', 'b'])
})

test('a channel sends by the `post` of a backend of your own', async () => {
  const { channel, seen } = await reading(ownStream(), lastId())
  await channel.send('sent')
  await expect.poll(() => seen).toEqual(['sent'])
})

test('a technique of the package names the supported techniques if a backend of your own has no part for it', async () => {
  const push = createPushClient({ technique: longPolling(), backend: lastId() })
  onTestFinished(() => push.close())
  const channel = push.channel('http://127.0.0.1:9/push/news')
  channel.messages$.subscribe()
  await expect.poll(() => channel.state.error?.message).toContain('sse()')
})
