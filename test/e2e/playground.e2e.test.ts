import { describe, expect, test } from 'vitest'
import { BEGUN_BY_HAND, address, allOpen, begin, card, openPlayground, publish, visit } from './playground.ts'
import { TECHNIQUES } from './techniques.ts'

openPlayground()

describe('the playground', () => {
  test('shows every technique open, with the same messages, in two windows at once', async () => {
    const windows = [await visit(), await visit()]
    for (const page of windows) await allOpen(page)
    const [first, second] = windows
    if (!first || !second) throw new Error('two windows were opened')
    await publish(first, 'seen by all')
    for (const page of windows) {
      for (const technique of TECHNIQUES)
        await card(page, technique)
          .filter({ has: page.getByTitle('seen by all') })
          .waitFor()
      expect(page.complaints).toEqual([])
      await page.context().close()
    }
  })

  test('names the download of Flash Socket, and loads it on request', async () => {
    const page = await visit()
    const loaded: string[] = []
    page.on('request', (request) => void (/ruffle|swf/.test(request.url()) && loaded.push(request.url())))
    await allOpen(page)
    const shown = card(page, BEGUN_BY_HAND)
    expect(await shown.locator('.news').textContent()).toContain('about 5 MB')
    expect(await shown.getAttribute('data-status')).toBe('idle')
    expect(await page.locator(`[data-price="${BEGUN_BY_HAND}"]`).count()).toBe(0)
    expect(loaded).toEqual([])
    await begin(page)
    expect(loaded.length).toBeGreaterThan(0)
    await publish(page, 'seen by all')
    for (const technique of [...TECHNIQUES, BEGUN_BY_HAND])
      await card(page, technique)
        .filter({ has: page.getByTitle('seen by all') })
        .waitFor()
    await page.locator(`[data-price="${BEGUN_BY_HAND}"] [data-column="bytes"]`).filter({ hasText: /\d/ }).waitFor()
    await page.context().close()
  })

  test('measures the costs of every technique, and explains each figure', async () => {
    const page = await visit()
    await allOpen(page)
    await page.waitForFunction((techniques) => {
      const figure = (technique: string, column: string) =>
        Number.parseFloat(
          document.querySelector(`[data-price="${technique}"] [data-column="${column}"]`)?.textContent ?? '',
        )
      return techniques.every((technique) =>
        ['received', 'requests', 'bytes', 'latency'].every((column) => figure(technique, column) > 0),
      )
    }, TECHNIQUES)
    for (const technique of TECHNIQUES)
      await expect(page.locator(`[data-price="${technique}"] .verdict`).textContent()).resolves.toMatch(
        /Advantage: .+\..*Disadvantage: .+\./,
      )
    for (const button of await page.locator('[data-sort]').all()) {
      const id = await button.getAttribute('aria-describedby')
      await expect(page.locator(`#${id}`).textContent()).resolves.toMatch(/^\p{Lu}.+\.$/u)
    }
    expect(page.complaints).toEqual([])
    await page.context().close()
  })

  test.each(['title', 'received', 'requests', 'useless', 'bytes', 'held', 'latency'])(
    'sorts its prices by %s, in both directions, by keyboard',
    async (column) => {
      const page = await visit()
      await allOpen(page)
      // An unknown figure cannot be sorted.
      const known = async () => {
        const rows = page.locator('[data-price]')
        const told = rows.locator(column === 'title' ? 'th' : `[data-column="${column}"]`, {
          hasText: column === 'title' ? /./ : /\d/,
        })
        return (await rows.count()) - (await told.count())
      }
      await expect.poll(known).toBe(0)
      const button = page.locator(`[data-sort="${column}"]`)
      const heading = page.locator('th').filter({ has: button })
      expect(await heading.getAttribute('aria-sort')).toBe('none')
      await button.focus()
      for (const direction of ['ascending', 'descending']) {
        // Reads the order in the same task as its figures.
        const values = await button.evaluate(async (element, name) => {
          if (element instanceof HTMLElement) element.click()
          await new Promise<void>((resolve) => queueMicrotask(resolve))
          return [...document.querySelectorAll('[data-price]')].map((row) =>
            name === 'title'
              ? (row.querySelector('th')?.textContent ?? '')
              : Number.parseFloat(row.querySelector(`[data-column="${name}"]`)?.textContent?.replaceAll(',', '') ?? ''),
          )
        }, column)
        const ascending = values.toSorted((a, b) =>
          typeof a === 'number' ? a - Number(b) : a.localeCompare(String(b)),
        )
        expect(values).toEqual(direction === 'ascending' ? ascending : ascending.toReversed())
        expect(await heading.getAttribute('aria-sort')).toBe(direction)
      }
      await page.keyboard.press('Enter')
      expect(await heading.getAttribute('aria-sort')).toBe('ascending')
      await page.keyboard.press('Space')
      expect(await heading.getAttribute('aria-sort')).toBe('descending')
      await page.context().close()
    },
  )

  test('shows the cost of useless polls with few messages', async () => {
    const page = await visit()
    await allOpen(page)
    await page.getByRole('button', { name: '1 in 10 s' }).click()
    const useless = (technique: string) =>
      page.locator(`[data-price="${technique}"] [data-column="useless"]`).textContent()
    await page.waitForFunction(() => {
      const text = document.querySelector('[data-price="polling"] [data-column="useless"]')?.textContent ?? ''
      return Number.parseFloat(text) >= 3
    })
    expect((await useless('webSocket'))?.trim()).toBe('0 req')
    await page.getByRole('button', { name: '10 a second' }).click()
    await page.context().close()
  })

  test('reports a technique that the browser does not support, and continues with the others', async () => {
    const page = await visit({}, () => Reflect.deleteProperty(globalThis, 'EventSource'))
    await page.waitForSelector('[data-technique="eventSource"][data-status="failed"][data-code="unsupported"]')
    expect(await card(page, 'eventSource').locator('.meaning').textContent()).toContain('Use another technique')
    for (const technique of TECHNIQUES.filter((name) => name !== 'eventSource'))
      await page.waitForSelector(`[data-technique="${technique}"][data-status="open"]`)
    await page.context().close()
  })

  test('its curl line works', async () => {
    const page = await visit()
    await allOpen(page)
    const line = (await page.locator('pre', { hasText: 'curl' }).textContent()) ?? ''
    const [, data, url] = /^curl -d '(.*)' (\S+)$/.exec(line) ?? []
    if (!url || !data) throw new Error(`no curl line: ${line}`)
    // The same request as curl's.
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect((await fetch(url, { method: 'POST', headers, body: data })).ok).toBe(true)
    await card(page, 'sse')
      .filter({ has: page.getByTitle(data) })
      .waitFor()
    await page.context().close()
  })

  test('fills its board from a store: a snapshot, then changes', async () => {
    const page = await visit()
    const board = page.getByRole('region', { name: /This machine/ })
    await board.getByRole('row').nth(2).waitFor()
    const before = await board.textContent()
    await page.waitForFunction((text) => document.querySelector('.board')?.textContent !== text, before)
    expect(page.complaints).toEqual([])
    await page.context().close()
  })

  test('works by keyboard alone', async () => {
    const page = await visit()
    await allOpen(page)
    await page.getByLabel('A message for every card').focus()
    await page.keyboard.type('typed')
    await page.keyboard.press('Enter')
    await card(page, 'webSocket')
      .filter({ has: page.getByTitle('typed') })
      .waitFor()
    await card(page, 'webSocket').locator('[data-fault="refuse"]').focus()
    await page.keyboard.press('Space')
    await page.waitForSelector('[data-technique="webSocket"][data-status="reconnecting"]')
    // A button that disappears when it is pressed keeps the focus nearby.
    const focused = (within: string) =>
      page.evaluate((selector) => Boolean(document.activeElement?.closest(selector)), within)
    await card(page, 'webSocket').getByRole('button', { name: 'Now' }).press('Enter')
    await expect.poll(() => focused('[data-technique="webSocket"] h3')).toBe(true)
    await page.locator('.trouble button').focus()
    await fetch(`${address}faults/webSocket/heal`, { method: 'POST' })
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-technique="webSocket"][data-status="open"]')
    await page.locator('.trouble button').waitFor({ state: 'detached' })
    expect(await focused('.trouble')).toBe(true)
    await page.getByRole('button', { name: 'Copy the curl line' }).press('Enter')
    await page.getByRole('button', { name: /^(Copied|Selected) the curl line$/ }).waitFor()
    await page
      .getByRole('status')
      .getByText(/^(Copied|Selected)$/)
      .waitFor()
    expect(page.complaints).toEqual([])
    await page.context().close()
  })
})
