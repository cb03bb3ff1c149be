import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  createPushClient,
  defineChannel,
  jsonMessages,
  webSocket,
  type PushClient,
  type PushClientOptions,
} from 'pinia-push/observables'
import { serveJson } from '../../servers/json-server.ts'
import { waitFor } from '../../wait-for.ts'

const [, example = ''] = /```ts\n([^]*?)```/.exec(readFileSync('docs/servers/topics.md', 'utf8')) ?? []

test('the documented declaration of a server with topics logs in, reads, resumes and sends', async () => {
  const server = await serveJson({ tokens: new Set(['good']) })
  onTestFinished(server.close)
  const shown: unknown[] = []
  const names = {
    createPushClient: (options: PushClientOptions) =>
      createPushClient({ ...options, baseUrl: server.url, disconnectDelay: 0, warnings: false }),
    webSocket: () => webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket }),
    defineChannel,
    jsonMessages,
    session: { token: () => 'good' },
    show: (data: unknown) => shown.push(data),
  }
  const { outputText } = ts.transpileModule(`${example}\nreturn { push, orders }`, {
    compilerOptions: { target: ts.ScriptTarget.ESNext },
  })
  const run = new Function(...Object.keys(names), outputText)
  const { push, orders } = run(...Object.values(names)) as { push: PushClient; orders: (id: string) => never }
  onTestFinished(() => push.close())

  const channel = push.channel(orders('7'))
  await waitFor(() => expect(channel.status).toBe('open'))
  await (channel.send as (data: unknown) => Promise<void>)({ buy: 1 })
  await waitFor(() => expect(shown).toEqual([{ buy: 1 }]))
  server.drop()
  server.publish('orders/7', { buy: 2 })
  await waitFor(() => expect(shown).toEqual([{ buy: 1 }, { buy: 2 }]))
  expect(server.frames.map(({ op }) => op).slice(0, 3)).toEqual(['login', 'subscribe', 'publish'])
})
