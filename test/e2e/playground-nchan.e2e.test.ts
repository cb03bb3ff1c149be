import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { chromium, type Browser, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM } from './chromium.ts'
import { launch } from './launch.ts'

const root = new URL('../..', import.meta.url).pathname

let playground: ChildProcessByStdio<null, Readable, null>
let browser: Browser
let address: string

beforeAll(async () => {
  playground = spawn(process.execPath, ['scripts/playground-nchan.mjs'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Colour codes would split the URL.
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  })
  let output = ''
  let found: string | undefined
  while (!found) {
    const [chunk] = (await once(playground.stdout, 'data')) as [Buffer]
    output += chunk.toString()
    found = /http:\/\/127\.0\.0\.1:\d+\//.exec(output)?.[0]
  }
  address = found
  browser = await launch(chromium, CHROMIUM)
})
const press = (path: string) => fetch(`${address}${path}`, { method: 'POST' })
afterEach(async () => {
  for (const node of ['A', 'B']) await press(`nodes/${node}/start`)
})
afterAll(async () => {
  await browser.close()
  const children = childrenOf(playground.pid)
  expect(children.length).toBeGreaterThanOrEqual(3)
  playground.kill('SIGINT')
  const [code] = (await once(playground, 'exit')) as [number]
  expect(code).toBe(0)
  expect(children.filter(runs)).toEqual([])
})

/** Returns the child processes: nginx twice, and Redis. */
const childrenOf = (pid: number | undefined): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
const runs = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function visit(width = 1_440): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 } })
  await page.goto(address)
  await allAre(page, 'open')
  return page
}
const allAre = (page: Page, status: string) =>
  page.waitForFunction((wanted) => {
    const cards = [...document.querySelectorAll<HTMLElement>('[data-served="true"]')]
    return cards.length > 0 && cards.every(({ dataset }) => dataset['status'] === wanted)
  }, status)

interface Counted {
  technique: string | undefined
  received: number
  lost: string | undefined
  repeated: string | undefined
}
const counted = (page: Page): Promise<Counted[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-served="true"]')].map(({ dataset }) => ({
      technique: dataset['technique'],
      received: Number(dataset['messages']),
      lost: dataset['lost'],
      repeated: dataset['repeated'],
    })),
  )
/** Waits until each card has received ten more messages, and returns its lost and repeated ones. */
async function expectToGoOn(page: Page): Promise<void> {
  const before = await counted(page)
  await expect
    .poll(async () => {
      const now = await counted(page)
      return now.filter(({ received }, at) => received < (before[at]?.received ?? 0) + 10)
    })
    .toEqual([])
  const flaws = (await counted(page)).filter(({ lost, repeated }) => lost !== '0' || repeated !== '0')
  expect(flaws).toEqual([])
}
/** Expects every card to show a posted message. */
const expectPosted = (page: Page, text: string) =>
  page.waitForFunction(
    (posted) =>
      document.querySelectorAll(`[data-technique] [title="${posted}"]`).length ===
      document.querySelectorAll('[data-served="true"]').length,
    text,
  )

describe('the playground on nginx with Nchan', () => {
  test('shows every technique open, and messages that the page publishes', async () => {
    const page = await visit()
    await expectToGoOn(page)
    await page.getByLabel('A message for every card').fill('from the page')
    await page.getByRole('button', { name: 'Publish' }).click()
    await expectPosted(page, 'from the page')
    await page.close()
  })

  test('its curl line works, at a node', async () => {
    const page = await visit()
    const line = (await page.locator('pre', { hasText: 'curl' }).textContent()) ?? ''
    expect(line).toMatch(/^curl -d 'hello' http:\/\/127\.0\.0\.1:\d+\/channels\/machine$/)
    execFileSync('bash', ['-ec', line])
    await expectPosted(page, 'hello')
    await page.close()
  })

  test.each(['A', 'B'])('resumes at the other node when %s is killed, with nothing lost or repeated', async (node) => {
    const page = await visit()
    await expectToGoOn(page)
    await page.locator(`[data-node="${node}"][data-runs="true"]`).click()
    await page.waitForSelector(`[data-node="${node}"][data-runs="false"]`)
    await expectToGoOn(page)
    await allAre(page, 'open')
    await page.locator(`[data-node="${node}"]`).click()
    await page.waitForSelector(`[data-node="${node}"][data-runs="true"]`)
    await expectToGoOn(page)
    await page.close()
  })

  test('every card recovers from a drop and a rejection', async () => {
    const page = await visit()
    for (const fault of ['drop', 'refuse']) {
      await page.locator(`[data-all="${fault}"]`).click()
      if (fault === 'refuse') await page.waitForSelector('[data-technique][data-status="reconnecting"]')
      await page.locator('[data-all="heal"]').click()
      await expectToGoOn(page)
    }
    await page.close()
  })

  test('reports that no node responds when both are dead, and then resumes', async () => {
    const page = await visit()
    for (const name of ['Kill node A', 'Kill node B']) await page.getByRole('button', { name }).click()
    await page.locator('.trouble', { hasText: 'No node responds.' }).waitFor()
    for (const name of ['Start node A', 'Start node B']) await page.getByRole('button', { name }).click()
    await allAre(page, 'open')
    await expectToGoOn(page)
    await page.close()
  })

  test('reports a technique that the server does not support', async () => {
    const page = await browser.newPage()
    await page.route('**/techniques', async (route) => {
      const response = await route.fetch()
      const { bases, ...welcome } = (await response.json()) as { bases: Record<string, string> }
      delete bases['sse']
      await route.fulfill({ response, json: { ...welcome, bases } })
    })
    await page.goto(address)
    await page
      .locator('[data-technique="sse"]', { hasText: 'nginx with Nchan does not support this technique.' })
      .waitFor()
    // Flash Socket is the other: Nchan serves no TCP.
    expect(await page.locator('.meaning').count()).toBe(2)
    await page.close()
  })

  test('fits a phone', async () => {
    const page = await visit(390)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await page.close()
  })
})
