import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPushClient, defineChannel, fetchStream, nchan, type PushClient } from 'pinia-push/observables'
import { readChannel } from '../conformance/fixtures.ts'
import { guards } from '../servers/guard.ts'
import { startNginx, type Nginx } from '../servers/nginx.ts'
import { ready } from '../servers/ready.ts'
import { startRedis } from '../servers/redis.ts'
import { interpreter } from './interpreter.ts'

const run = promisify(execFile)

const readme = readFileSync(new URL('../../deploy/README.md', import.meta.url), 'utf8')
const section = readme.slice(readme.indexOf('## Publish from'), readme.indexOf('## Hazards'))
const blocks = [...section.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = '', code = '']) => ({
  language,
  code,
}))
const [one, , , , words, end, state] = blocks
const simple = blocks.slice(0, 4)

let redis: Awaited<ReturnType<typeof startRedis>>
let nginx: Nginx
let push: PushClient
beforeAll(async () => {
  redis = await startRedis()
  nginx = await startNginx({ redisPort: redis.port, guard: guards().start })
  await ready(nginx.publisherPort)
  push = createPushClient({ technique: fetchStream(), backend: nchan() })
})
afterAll(async () => {
  push.close()
  await nginx.stop()
  await redis.stop()
})

/** Runs lines of the page, with this node and a channel of its own in the place of the page's. */
async function runs(block: (typeof blocks)[number] | undefined, channel: string): Promise<string> {
  const { language = '', code = '' } = block ?? {}
  const own = code.replaceAll('127.0.0.1:8080', `127.0.0.1:${nginx.publisherPort}`).replaceAll('/prices', `/${channel}`)
  const [command, ...args] = interpreter(language, own)
  return (await run(command, args)).stdout
}

const text = defineChannel({
  url: ({ channel }: { channel: string }) => `http://127.0.0.1:${nginx.port}/push/${channel}`,
  decode: (raw) => raw,
})
async function reading(channel: string) {
  const reader = readChannel(push.channel(text({ channel })))
  await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
  return reader
}

describe('the publishing code of deploy/README.md', () => {
  test.each(simple)('$language publishes one message', async ({ language, code }) => {
    const reader = await reading(language)
    await runs({ language, code }, language)
    const { data } = await reader.sees('message')
    expect(JSON.parse(data)).toEqual({ symbol: 'ACME', price: 12.5 })
    expect(reader.data.length).toBe(1)
    reader.leave()
  })

  test('an event name, a carriage return and bytes arrive unchanged', async () => {
    const bytes = defineChannel({ url: `http://127.0.0.1:${nginx.port}/push/words`, binary: true })
    const reader = readChannel(push.channel(bytes()))
    await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
    await runs(words, 'words')
    await reader.sees('message', ({ data }) => data.length === 3)
    expect(reader.data.map((data) => Buffer.from(data).toString())).toEqual([
      '{"symbol":"ACME"}',
      'one\r\ntwo',
      '\0\x01\x02',
    ])
    expect(reader.events.flatMap((event) => (event.type === 'message' ? [event.event] : []))).toEqual([
      'price',
      'message',
      'message',
    ])
    reader.leave()
  })

  test('a channel ends, and starts over for later subscribers', async () => {
    const reader = await reading('ending')
    await runs(one, 'ending')
    await runs(end, 'ending')
    await reader.sees('closed')
    reader.leave()
    const later = readChannel(
      push.channel(defineChannel({ url: `http://127.0.0.1:${nginx.port}/push/ending`, decode: (raw) => raw })()),
    )
    await later.sees('open', ({ unconfirmed }) => !unconfirmed)
    await runs(one, 'ending')
    await later.sees('message')
    expect(later.data.length).toBe(1)
    later.leave()
  })

  test('the state of a channel has its cursor', async () => {
    await runs(one, 'placed')
    const told: unknown = JSON.parse(await runs(state, 'placed'))
    expect(told).toMatchObject({ messages: 1, last_message_id: expect.stringMatching(/^\d+:\d+$/) })
  })
})
