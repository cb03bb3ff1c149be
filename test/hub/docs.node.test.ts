import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import ts from 'typescript'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { HubError, createHub, type Hub } from 'pinia-push/hub'
import { createPushClient, defineChannel, hub, webSocket } from 'pinia-push/observables'

const [, section = ''] = /\n## Replies\n([^]*)/.exec(readFileSync('docs/production/hub.md', 'utf8')) ?? []
const blocks = (language: string) => [...section.matchAll(/```(\w+)\n([^]*?)```/g)].filter(([, of]) => of === language)

/** Runs code of the page, which names what is given, and returns some of what it declares. */
async function run<Declared>(code: string, names: Record<string, unknown>, declared: string): Promise<Declared> {
  const own = code.replaceAll(/^import .*$/gm, '')
  const { outputText } = ts.transpileModule(`return (async () => {\n${own}\nreturn { ${declared} } })()`, {
    compilerOptions: { target: ts.ScriptTarget.ESNext },
  })
  return (await new Function(...Object.keys(names), outputText)(...Object.values(names))) as Declared
}

test('the documented hub replies to a client, rejects what is sold out, and publishes a repeated POST once', async () => {
  const [server = [], client = []] = blocks('ts').map(([, , code = '']) => [code])
  const stock = { left: 2 }
  const insert = vi.fn<(order: object, from: string) => Promise<string>>(async () => `order-${stock.left}`)
  const inStock = async ({ buy }: { buy: number }) => buy === 3 && (stock.left -= 1) >= 0
  const parseOrder = (data: string): unknown => (data.startsWith('{') ? JSON.parse(data) : undefined)
  const names = { createHub, HubError, inStock, insert, parseOrder }
  const { shop } = await run<{ shop: Hub }>(server.join(''), names, 'shop')
  const { url, close } = await shop.listen()
  onTestFinished(close)

  const implementation = WebSocket as unknown as typeof globalThis.WebSocket
  const push = createPushClient({ technique: webSocket({ implementation }), backend: hub(), baseUrl: url })
  onTestFinished(() => push.close())
  const orders = defineChannel({ topic: 'orders' })
  push.channel(orders()).messages$.subscribe()
  expect(await run(client.join(''), { push, orders }, 'id')).toEqual({ id: 'order-1' })
  expect(insert).toHaveBeenCalledWith({ buy: 3 }, '127.0.0.1')

  const [curl = ''] = blocks('sh').map(([, , code = '']) => code.replace('https://push.example.com', url))
  const shell = async () => (await promisify(execFile)('sh', ['-c', `${curl.trim()} -s`])).stdout
  expect([await shell(), await shell()]).toEqual(['{"id":"order-0"}', '{"id":"order-0"}'])
  expect([insert.mock.calls.length, shop.state('orders')?.messages]).toEqual([2, 2])
  await expect(push.channel(orders()).send({ buy: 3 })).rejects.toMatchObject({ code: 'send-rejected', status: 409 })
  await expect(push.channel(orders()).send('none')).rejects.toMatchObject({ code: 'send-rejected', status: 400 })
})
