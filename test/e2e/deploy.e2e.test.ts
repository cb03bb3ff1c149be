import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDeployed } from '../deploy/node-deployed.ts'
import { bundle } from './bundle.ts'
import { CHROMIUM } from './chromium.ts'
import { launch } from './launch.ts'
import { TECHNIQUES } from './techniques.ts'

/** The interface of the page. */
declare const read: (url: string, technique: string, tokens: Record<string, string>) => void
declare const seen: Record<string, string[]>

let server: Server
let origin: string
let node: Awaited<ReturnType<typeof startDeployed>>
let browser: Browser
let tokenFor: typeof import('../../deploy/authorize.mjs').tokenFor

beforeAll(async () => {
  const files = await bundle(new URL('deploy', import.meta.url))
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://page.test')
    response.setHeader('Content-Type', pathname.endsWith('.js') ? 'text/javascript' : 'text/html')
    response.end(files.get(pathname === '/' ? '/index.html' : pathname))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  node = await startDeployed(origin)
  // The guard reads the secret when it is loaded.
  ;({ tokenFor } = await import('../../deploy/authorize.mjs'))
  browser = await launch(chromium, CHROMIUM)
})
afterAll(async () => {
  await browser.close()
  await node.close()
  server.close()
})

const tokens = (channels: readonly string[]) =>
  Object.fromEntries(channels.map((channel) => [channel, tokenFor(channel, Math.floor(Date.now() / 1_000) + 600)]))

/** Lets a page read channels by one technique. */
async function reads(page: Page, technique: string, tokens: Record<string, string>, at = origin): Promise<Page> {
  await page.goto(at)
  await page.evaluate(([url, name, given]) => read(url, name, given), [node.url, technique, tokens] as const)
  return page
}
const reading = async (...asked: [technique: string, tokens: Record<string, string>, at?: string]) =>
  reads(await browser.newPage({ ignoreHTTPSErrors: true }), ...asked)
const publish = async (channel: string, body: string) => {
  const answer = await fetch(`${node.publisher}/channels/${channel}`, { method: 'POST', body })
  expect(answer.ok).toBe(true)
}
const expectSeen = (page: Page, channel: string, what: string) =>
  page.waitForFunction(([name, wanted]) => seen[name ?? '']?.includes(wanted ?? ''), [channel, what])

describe('Chromium and the files of deploy/', () => {
  test.each(TECHNIQUES)('%s reads with a token, over TLS and from another origin', async (technique) => {
    const page = await reading(technique, tokens([technique]))
    await expectSeen(page, technique, 'open')
    await publish(technique, 'hello <b>"&amp;')
    await expectSeen(page, technique, 'hello <b>"&amp;')
    await page.close()
  })

  test('opens twenty streams to one origin at once, over HTTP/2', async () => {
    const channels = Array.from({ length: 20 }, (_, n) => `stream-${n}`)
    const page = await browser.newPage({ ignoreHTTPSErrors: true })
    const protocols: string[] = []
    const network = await page.context().newCDPSession(page)
    network.on('Network.responseReceived', ({ response: { url, protocol = '' } }) => {
      if (url.startsWith(node.url)) protocols.push(protocol)
    })
    await network.send('Network.enable')
    await reads(page, 'sse', tokens(channels))
    for (const channel of channels) await expectSeen(page, channel, 'open')
    for (const channel of channels) await publish(channel, `to ${channel}`)
    for (const channel of channels) await expectSeen(page, channel, `to ${channel}`)
    const stories = await page.evaluate(() => Object.values(seen))
    expect(protocols).toEqual(channels.map(() => 'h2'))
    expect(stories).toEqual(channels.map((channel) => ['open', `to ${channel}`]))
    await page.close()
  })

  test.each(['polling', 'longPolling', 'xhrStream', 'fetchStream', 'sse'])(
    '%s: a wrong token is rejected permanently',
    async (technique) => {
      const page = await reading(technique, { refused: tokens(['another'])['another'] ?? '' })
      await expectSeen(page, 'refused', 'failed unauthorized')
      await page.close()
    },
  )

  test('a page of another origin reads nothing', async () => {
    const page = await reading('fetchStream', tokens(['a']), origin.replace('127.0.0.1', 'localhost'))
    await page.waitForFunction(() => seen['a']?.some((word) => /^(reconnecting|failed)/.test(word)))
    expect(await page.evaluate(() => seen['a'])).not.toContain('open')
    await page.close()
  })
})
