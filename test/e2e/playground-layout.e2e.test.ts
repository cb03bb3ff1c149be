import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { address, allOpen, begin, card, openPlayground, publish, visit } from './playground.ts'
import { TECHNIQUES } from './techniques.ts'

openPlayground()

describe('the layout of the playground', () => {
  test.each([390, 1_440])('a long published message causes no horizontal scrolling, at %i px', async (width) => {
    const page = await visit({ viewport: { width, height: 900 } })
    await allOpen(page)
    await publish(page, 'm'.repeat(200))
    await page.getByText('Published: m').waitFor()
    const wide = await page
      .locator('html, .side')
      .evaluateAll((all) => all.filter((each) => each.scrollWidth > each.clientWidth).map(({ tagName }) => tagName))
    expect(wide).toEqual([])
    await page.context().close()
  })

  test.each([390, 1_440])('a long process name wraps no figure of the board, at %i px', async (width) => {
    const page = await visit({ viewport: { width, height: 900 } })
    await allOpen(page)
    const row = { pid: 4_194_304, name: 'a-process-with-a-name-that-is-very-long', cpu: 3_200.5, memory: 123_456 }
    const tick = {
      kind: 'tick',
      n: 0,
      at: Date.now(),
      cpu: 1,
      load: 1,
      memory: 1,
      delay: 1,
      processes: { [row.pid]: row },
    }
    const headers = { 'Content-Type': 'application/json' }
    await fetch(`${address}push/machine`, { method: 'POST', headers, body: JSON.stringify(tick) })
    await page.locator('.board tbody tr', { hasText: row.name }).waitFor()
    // One line high, like the cell of the name, which is cut and not wrapped.
    const lines = () =>
      page.locator('.board td').evaluateAll((all) =>
        all.map((cell) => {
          const range = document.createRange()
          range.selectNodeContents(cell)
          return range.getClientRects().length
        }),
      )
    // Rows of the machine's own processes change meanwhile, and a new one may be empty for a moment.
    await expect.poll(async () => [...new Set(await lines())]).toEqual([1])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await page.context().close()
  })

  test('an error moves no figure and covers none, at 390 px and wide', async () => {
    for (const width of [390, 1_440]) {
      const page = await visit({ viewport: { width, height: 900 } })
      await allOpen(page)
      const folded = page.locator('.card [aria-expanded="false"]')
      while ((await folded.count()) > 0) await folded.first().click()
      const boxes = (selector: string) =>
        page.locator(selector).evaluateAll((all) =>
          all.flatMap((each) => {
            const { left, top, right, bottom } = each.getBoundingClientRect()
            return right > left ? [{ left, top: top + scrollY, right, bottom: bottom + scrollY }] : []
          }),
        )
      const figures = () => boxes('.figures, .brief, .gauges, .prices table')
      const before = await figures()
      expect(before.length).toBeGreaterThan(TECHNIQUES.length)
      for (const { fault, until } of [
        { fault: 'refuse', until: '.trouble[data-kind] button' },
        { fault: 'stall', until: '.news:has-text("No message for")' },
        { fault: 'stall', until: '[data-code="heartbeat-timeout"] .meaning' },
        { fault: 'crowd', until: '[data-code="connection-limit"] .meaning' },
      ]) {
        await page.locator(`[data-all="${fault}"]`).click()
        await page.locator(until).first().waitFor()
        const after = await figures()
        expect({ fault, tops: after.map(({ top }) => top) }).toEqual({ fault, tops: before.map(({ top }) => top) })
        const [banner] = await boxes('.trouble')
        if (!banner) throw new Error('there is no banner')
        const covered = after.filter(
          ({ left, top, right, bottom }) =>
            left < banner.right && right > banner.left && top < banner.bottom && bottom > banner.top,
        )
        expect(covered).toEqual([])
        await page.locator('[data-all="heal"]').click()
        await allOpen(page)
      }
      await page.context().close()
    }
  })

  test('a phone shows each technique as one line, with more on demand, also by keyboard', async () => {
    const page = await visit({ viewport: { width: 390, height: 900 } })
    await allOpen(page)
    expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThan(3_000)
    const shown = card(page, 'sse')
    expect(await shown.innerText()).toMatch(/Server-Sent Events\s+● open\s+\d+ received, 0 lost, 0 repeated/)
    const more = shown.getByRole('button', { name: 'More about Server-Sent Events' })
    const drop = shown.locator('[data-fault="drop"]')
    expect([await more.getAttribute('aria-expanded'), await drop.isVisible()]).toEqual(['false', false])
    await more.focus()
    await page.keyboard.press('Enter')
    const less = shown.getByRole('button', { name: 'Less about Server-Sent Events' })
    expect([await less.getAttribute('aria-expanded'), await drop.isVisible()]).toEqual(['true', true])
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('article')?.dataset['technique'])).toBe('sse')
    await less.click()
    expect(await drop.isVisible()).toBe(false)
    expect(await page.locator('.prices table').isVisible()).toBe(false)
    await page.getByRole('button', { name: 'More about what each costs' }).click()
    await page.locator('[data-price="sse"]').waitFor()
    await page.context().close()
  })

  test.each([390, 1_440])(
    'figures of six digits and latencies of many seconds are never cut, at %i px',
    async (width) => {
      const page = await visit({ viewport: { width, height: 900 } })
      await allOpen(page)
      const folded = page.locator('[aria-expanded="false"]')
      while ((await folded.count()) > 0) await folded.first().click()
      // A message with a high number and an old time: six digits seem lost, with a long latency.
      const tick = {
        kind: 'tick',
        n: 987_654,
        at: Date.now() - 25_000,
        cpu: 100,
        load: 123.45,
        memory: 100,
        delay: 12_345.6,
      }
      const headers = { 'Content-Type': 'application/json' }
      for (const n of [tick.n, 2 * tick.n])
        await fetch(`${address}push/machine`, { method: 'POST', headers, body: JSON.stringify({ ...tick, n }) })
      await page.waitForFunction(
        (techniques) =>
          techniques.every(
            (name) =>
              Number(document.querySelector<HTMLElement>(`[data-technique="${name}"]`)?.dataset['lost']) > 900_000,
          ),
        TECHNIQUES,
      )
      const cut = await page
        .locator('.card dd, .card dt, .gauges dd, .brief p, th, td, .trouble, .status')
        .evaluateAll((all) =>
          all.flatMap((each) =>
            each.scrollWidth > each.clientWidth && getComputedStyle(each).textOverflow !== 'ellipsis'
              ? [each.textContent]
              : [],
          ),
        )
      expect(cut).toEqual([])
      const crowded = await page.locator('.figures').evaluateAll((all) =>
        all.flatMap((each) => {
          const { right } = each.getBoundingClientRect()
          const boxes = [...each.children].map((child) => child.getBoundingClientRect())
          return boxes.filter(
            (box, at) =>
              box.right > right + 1 || boxes.some((next, n) => n > at && next.top === box.top && next.left < box.right),
          )
        }),
      )
      expect(crowded).toEqual([])
      await page.context().close()
    },
  )

  test.each(['light', 'dark'] as const)(
    'has no serious accessibility violation in %s, at 390 px and wide',
    async (colorScheme) => {
      const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
      for (const width of [390, 1_440]) {
        const page = await visit({ colorScheme, viewport: { width, height: 900 } })
        await allOpen(page)
        // At 390 px before the technique starts, and wide afterwards.
        if (width > 390) await begin(page)
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true)
        await page.evaluate(axe)
        const faults = await page.evaluate(async () => {
          const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run()
          return violations.map(({ id, impact, nodes }) => ({
            id,
            impact,
            where: nodes.map(({ html }) => html.slice(0, 120)),
          }))
        })
        expect(faults.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
        await page.context().close()
      }
    },
  )
})
