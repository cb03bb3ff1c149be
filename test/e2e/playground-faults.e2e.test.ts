import { describe, expect, test } from 'vitest'
import { BEGUN_BY_HAND, allOpen, begin, card, messages, openPlayground, servePlayground, visit } from './playground.ts'
import { TECHNIQUES } from './techniques.ts'

openPlayground()

describe('the playground, when its network or its hub fails', () => {
  test.each([...TECHNIQUES, BEGUN_BY_HAND])(
    '%s recovers from a drop, a stall and a rejection with nothing lost or repeated',
    async (technique) => {
      const page = await visit()
      await allOpen(page)
      if (technique === BEGUN_BY_HAND) await begin(page)
      const shown = card(page, technique)
      const press = (fault: string) => shown.locator(`[data-fault="${fault}"]`).click()
      for (const fault of ['drop', 'refuse', 'stall']) {
        await press(fault)
        if (fault === 'refuse')
          await page.waitForSelector(`[data-technique="${technique}"][data-status="reconnecting"]`)
        await press('heal')
        await page.waitForSelector(`[data-technique="${technique}"][data-status="open"]`)
        const before = await messages(page, technique)
        await page.waitForFunction(
          ([name, count]) =>
            Number(document.querySelector<HTMLElement>(`[data-technique="${name}"]`)?.dataset['messages']) >
            Number(count) + 5,
          [technique, before],
        )
        expect({
          fault,
          lost: await shown.getAttribute('data-lost'),
          repeated: await shown.getAttribute('data-repeated'),
        }).toEqual({ fault, lost: '0', repeated: '0' })
      }
      await page.context().close()
    },
  )

  test.each([
    { fault: 'refuse', code: 'network-error', says: 'The server does not respond' },
    { fault: 'hang', code: 'connect-timeout', says: 'no response arrived within five seconds' },
    { fault: 'stall', code: 'heartbeat-timeout', says: 'not one byte' },
    { fault: 'forbid', code: 'unauthorized', says: 'The server rejected the user' },
    { fault: 'crowd', code: 'connection-limit', says: 'Four of the six connections' },
  ])('$fault: the card and the page explain the error and the fix', async ({ fault, code, says }) => {
    const page = await visit()
    await allOpen(page)
    const shown = card(page, 'sse')
    await shown.locator(`[data-fault="${fault}"]`).click()
    await page.waitForSelector(`[data-technique="sse"][data-code="${code}"]`)
    const meaning = await shown.locator('.meaning').textContent()
    expect(meaning).toContain(says)
    expect(await shown.locator('.remedy').textContent()).toMatch(/\.$/)
    const banner = page.locator('.trouble[data-kind="some"]').filter({ hasText: 'Server-Sent Events' })
    await banner.filter({ hasText: says }).waitFor()
    await shown.locator('[data-fault="heal"]').click()
    await page.waitForSelector('[data-technique="sse"][data-status="open"]')
    await page.locator('.trouble:not([data-kind])').waitFor()
    expect([await shown.getAttribute('data-lost'), await shown.getAttribute('data-repeated')]).toEqual(['0', '0'])
    // None of the four streams is rejected itself.
    expect(page.complaints.filter((text) => text.includes('/push/crowd-'))).toEqual([])
    await page.context().close()
  })

  test.each(['forbid', 'hang', 'refuse', 'crowd'])(
    'brings every card back at once when %s is healed for all',
    async (fault) => {
      const page = await visit()
      const other = await visit()
      for (const each of [page, other]) await allOpen(each)
      const press = (name: string) => page.locator(`[data-all="${name}"]`).click()
      await page.clock.install()
      await press(fault)
      await page.locator('.trouble[data-kind]').waitFor()
      await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000))
      await press('heal')
      // No click on a card, and no countdown ends, because this window's time is stopped.
      await allOpen(page)
      await page.clock.resume()
      await allOpen(other)
      await expect.poll(() => page.locator('.trouble').innerText()).toMatch(/^All \d techniques are connected\.$/)
      await page.context().close()
      await other.context().close()
    },
  )

  test('the banner agrees with the failed cards: they are not retried', async () => {
    const page = await visit()
    await allOpen(page)
    await card(page, 'sse').locator('[data-fault="forbid"]').click()
    const banner = page.locator('.trouble[data-kind="some"]')
    const next = () => banner.locator('.retry span').textContent()
    await expect.poll(next).toBe('Not retried automatically')
    await card(page, 'webSocket').locator('[data-fault="refuse"]').click()
    await expect.poll(next).toMatch(/^(Next attempt in \d+ s|Trying now …); 1 not retried$/)
    await page.context().close()
  })

  test.each([390, 1_440])('if all fail in different ways, the banner lists the errors, at %i px', async (width) => {
    const page = await visit({ viewport: { width, height: 900 } })
    await allOpen(page)
    await page.locator('[data-all="forbid"]').click()
    // A browser does not report the rejection of an EventSource or a WebSocket.
    const banner = page.locator('.trouble[data-kind="all"]')
    await banner.filter({ hasText: 'They fail in different ways: unauthorized, network-error.' }).waitFor()
    await banner.filter({ hasText: /\d+ not retried/ }).waitFor()
    const heightOf = async (name: string) => (await page.getByRole('button', { name }).boundingBox())?.height
    expect(await heightOf('Try now')).toBe(await heightOf('Publish'))
    await page.locator('[data-all="heal"]').click()
    await allOpen(page)
    await page.context().close()
  })

  test('reports once that the hub is down, counts down, and resumes without loss when it is started', async () => {
    const page = await visit()
    await allOpen(page)
    await page.getByRole('button', { name: 'Stop the hub' }).click()
    const banner = page.locator('.trouble[data-kind="hub"]')
    await banner.filter({ hasText: /Next attempt in \d+ s/ }).waitFor()
    expect(await banner.textContent()).toContain('The hub does not respond.')
    expect(await page.locator('.meaning').count()).toBe(0)
    await page.getByRole('button', { name: 'Start the hub' }).click()
    await allOpen(page)
    await page.locator('.trouble:not([data-kind])').waitFor()
    for (const technique of TECHNIQUES) {
      const before = await messages(page, technique)
      await page.waitForFunction(
        ([name, count]) =>
          Number(document.querySelector<HTMLElement>(`[data-technique="${name}"]`)?.dataset['messages']) >
          Number(count),
        [technique, before],
      )
      const shown = card(page, technique)
      expect({
        technique,
        lost: await shown.getAttribute('data-lost'),
        repeated: await shown.getAttribute('data-repeated'),
      }).toEqual({ technique, lost: '0', repeated: '0' })
    }
    await page.context().close()
  })

  test('reports that the hub is down when its server is', async () => {
    const { server, at } = await servePlayground()
    const page = await visit({}, undefined, at)
    await allOpen(page)
    await server.close()
    await page.locator('.trouble[data-kind="hub"]').waitFor()
    expect(await page.locator('.trouble').textContent()).toContain('The hub does not respond.')
    await page.context().close()
  })
})
