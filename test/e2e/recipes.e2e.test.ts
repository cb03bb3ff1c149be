import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { chromium } from 'playwright'
import type { Hub } from 'pinia-push/hub'
import { pushHub } from 'pinia-push/vite'
import { createServer, type Plugin } from 'vite'
import { expect, test as base } from 'vitest'
import { createFaultProxy } from '../servers/fault-proxy.ts'
import { CHROMIUM } from './chromium.ts'
import { cacheDir } from './vite-cache.ts'
import { launch } from './launch.ts'

const repository = new URL('../..', import.meta.url).pathname
const root = new URL('../recipes/', import.meta.url).pathname

interface Order {
  id: string
  state: string
}

/** A question to the model, and the response that answers it. */
interface Question {
  messages: { role: string; content: string }[]
  answer: ServerResponse
}

/** The recipes' app on Vite's dev server: rendered there, hydrated in a page, behind a network that can be cut. */
const test = base.extend<{ shop: Awaited<ReturnType<typeof start>> }>({
  shop: async ({}, use) => {
    const shop = await start()
    await use(shop)
    await shop.stop()
  },
})

async function start() {
  const byId: Record<string, Order> = {}
  const given = new Set<string>()
  const counts = { snapshots: 0, tokens: 0 }
  const presented: string[] = []
  const questions: Question[] = []
  let hub: Hub | undefined
  const place = (order: Order) => {
    byId[order.id] = order
    hub?.publish('orders-ann', JSON.stringify(order))
  }
  const api: Plugin = {
    name: 'api',
    configureServer({ middlewares, ssrLoadModule }) {
      middlewares.use('/api/orders/ann', (_, response) => {
        counts.snapshots += 1
        // Reads the cursor before the state.
        response.end(JSON.stringify({ cursor: hub?.cursor('orders-ann'), byId }))
      })
      middlewares.use('/api/token', (_, response) => {
        const token = `token-${(counts.tokens += 1)}`
        given.add(token)
        response.end(token)
      })
      middlewares.use('/api/chat', (request, response) => {
        let body = ''
        request.on('data', (chunk) => (body += String(chunk)))
        request.on('end', () => questions.push({ ...JSON.parse(body), answer: response }))
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
      })
      middlewares.use(async (request, response, next) => {
        if (request.url !== '/') return next()
        const { render } = (await ssrLoadModule('/src/entry-server.ts')) as {
          render: (account: string) => Promise<{ html: string; state: string }>
        }
        const { html, state } = await render('ann')
        // Without Vite's own client, which would reload the page when the network is cut.
        const page = readFileSync(join(root, 'index.html'), 'utf8')
        response.setHeader('Content-Type', 'text/html')
        response.end(page.replace('<!--app-->', () => html).replace('<!--state-->', () => state))
        place({ id: '2', state: 'open' })
      })
    },
  }
  const vite = await createServer({
    configFile: false,
    root,
    cacheDir,
    appType: 'custom',
    plugins: [
      vue(),
      api,
      pushHub({
        setup: (one) => void (hub = one),
        heartbeat: 1_000,
        authorize: ({ action, headers }) => {
          if (action !== 'subscribe') return true
          const token = String(headers.authorization).replace('Bearer ', '')
          presented.push(token)
          // Each token is valid once.
          if (given.delete(token)) return true
          return { status: 401, reason: 'a token is valid once' }
        },
      }),
    ],
    resolve: {
      alias: {
        'pinia-push/observables': join(repository, 'src/observables/index.ts'),
        'pinia-push': join(repository, 'src/index.ts'),
      },
    },
    server: { port: 0, host: '127.0.0.1', hmr: false, fs: { allow: [repository] } },
    logLevel: 'error',
  })
  await vite.listen()
  const site = vite.resolvedUrls?.local[0] ?? ''
  const port = Number(new URL(site).port)
  process.env['SITE'] = site
  const network = await createFaultProxy({ port })
  const browser = await launch(chromium, CHROMIUM)
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  place({ id: '1', state: 'open' })
  return {
    page,
    place,
    counts,
    presented,
    questions,
    complaints,
    network,
    publish: (channel: string, text: string) => hub?.publish(channel, text),
    subscribers: (channel: string) => hub?.state(channel)?.subscribers ?? 0,
    html: async () => (await fetch(process.env['SITE'] ?? '')).text(),
    open: () => page.goto(`http://127.0.0.1:${network.port}/`),
    run: (content: string) => page.addScriptTag({ type: 'module', content }),
    async stop() {
      await browser.close()
      await network.close()
      await vite.close()
    },
  }
}

test('the documentation shows every recipe as the tests run it', () => {
  const section = readFileSync(join(repository, 'docs/guide/recipes.md'), 'utf8')
  const shown = [...section.matchAll(/```(?:ts|vue)\n((?:\/\/|<!--) (src\/\S+)[\s\S]*?)```/g)]
  expect(shown.map(([, , path]) => path)).toEqual([
    'src/channels.ts',
    'src/stores/orders.ts',
    'src/App.vue',
    'src/stores/notices.ts',
    'src/NoticeList.vue',
    'src/ConnectionBanner.vue',
    'src/AskModel.vue',
    'src/tape.ts',
    'src/push.ts',
    'src/app.ts',
    'src/entry-server.ts',
    'src/entry-client.ts',
    'src/App.test.ts',
  ])
  for (const [, code, path = ''] of shown) expect(code).toBe(readFileSync(join(root, path), 'utf8'))
})

test('an option store, rendered on the server, resumes from its cursor', async ({ shop }) => {
  expect(await shop.html()).toContain('<li>1: open</li>')
  await shop.open()
  const rows = shop.page.locator('li')
  await rows.filter({ hasText: '2: open' }).waitFor()
  shop.place({ id: '1', state: 'filled' })
  await rows.filter({ hasText: '1: filled' }).waitFor()
  expect(shop.counts.snapshots).toBe(2)
  expect(shop.complaints).toEqual([])
})

test('every attempt has a token of its own', async ({ shop }) => {
  await shop.open()
  // With the stream open: a browser repeats a request, with its token, if it is cut before the response starts.
  await shop.page.locator('li', { hasText: '2: open' }).waitFor()
  const before = [...shop.presented]
  shop.network.drop()
  shop.place({ id: '3', state: 'open' })
  await shop.page.locator('li', { hasText: '3: open' }).waitFor()
  const next = shop.presented[before.length]
  expect(next).toMatch(/^token-\d+$/)
  expect(before).not.toContain(next)
})

test('a setup store is bound by its third argument', async ({ shop }) => {
  await shop.open()
  await shop.run(`import { useNotices } from '/src/stores/notices.ts'; window.notices = useNotices()`)
  const seen = () => shop.page.evaluate('({ list: [...notices.list], unread: notices.unread })')
  await expect.poll(() => shop.subscribers('notices')).toBe(1)
  shop.publish('notices', 'closing at five')
  await expect.poll(seen).toEqual({ list: ['closing at five'], unread: 1 })
})

test('plain RxJS reads the same channel outside Vue', async ({ shop }) => {
  await shop.open()
  await expect.poll(() => shop.subscribers('orders-ann')).toBe(1)
  await shop.run(
    `import { filled$ } from '/src/tape.ts'; filled$('ann').subscribe((line) => { document.title = line })`,
  )
  await expect.poll(() => shop.subscribers('orders-ann')).toBe(2)
  shop.place({ id: '1', state: 'filled' })
  shop.place({ id: '2', state: 'cancelled' })
  shop.place({ id: '3', state: 'filled' })
  await expect.poll(() => shop.page.title()).toBe('2 filled')
})

test('a model answers word by word, until it is done or stopped', async ({ shop }) => {
  await shop.open()
  await shop.run(
    `import { createApp } from '/@id/vue'; import AskModel from '/src/AskModel.vue'; createApp(AskModel).mount(document.body.appendChild(document.createElement('section')))`,
  )
  const ask = async (text: string): Promise<Question> => {
    const number = shop.questions.length
    await shop.page.getByLabel('Your question').fill(text)
    await shop.page.getByRole('button', { name: 'Ask' }).click()
    await expect.poll(() => shop.questions.length).toBe(number + 1)
    const question = shop.questions[number]
    if (!question) throw new Error('no question came')
    return question
  }
  const write = ({ answer }: Question, text: string) => answer.write(`data: ${JSON.stringify({ text })}\n\n`)
  const shown = shop.page.locator('section p').first()

  const first = await ask('Who are you?')
  expect(first.messages).toEqual([{ role: 'user', content: 'Who are you?' }])
  write(first, 'I am ')
  await expect.poll(() => shown.textContent()).toBe('I am ')
  write(first, 'a model.')
  first.answer.end('data: [DONE]\n\n')
  await shop.page.getByRole('button', { name: 'Ask' }).waitFor()
  expect(await shown.textContent()).toBe('I am a model.')

  const second = await ask('Count.')
  write(second, 'One, ')
  await expect.poll(() => shown.textContent()).toBe('One, ')
  const aborted = once(second.answer, 'close')
  await shop.page.getByRole('button', { name: 'Stop' }).click()
  await aborted
  expect(await shown.textContent()).toBe('One, ')

  const third = await ask('Count again.')
  write(third, 'Two, ')
  await expect.poll(() => shown.textContent()).toBe('Two, ')
  third.answer.destroy()
  await shop.page.getByRole('alert').filter({ hasText: 'connection-lost' }).waitFor()
  expect(shop.questions).toHaveLength(3)
})
