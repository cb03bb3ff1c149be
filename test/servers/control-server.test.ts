import { expect, test } from 'vitest'
import { openScript, openSession } from './control-client.ts'
import { startControlServer } from './control-server.ts'

test('a page can start, feed, break, restart and end servers by HTTP', async () => {
  const control = await startControlServer()
  const session = await openSession(control.url, { startFrom: 'oldest' })
  const ask = async (url: string) => (await fetch(`${url}a?wait=0`)).text()

  await session.publish('a', [{ data: 'one', event: 'news' }])
  expect([await ask(session.url), await ask(session.directUrl)]).toEqual(['one', 'one'])
  expect(await session.stats()).toMatchObject({ connections: 1, requests: 2, subscribers: 0, cuts: 0 })

  await session.fault({ refuse: true })
  await session.fault({ drop: true })
  await expect(ask(session.url)).rejects.toThrow(/fetch failed/)
  await session.fault({ resume: true })
  expect(await ask(session.url)).toBe('one')

  await session.restart()
  expect(await ask(session.directUrl)).toBe('')
  await session.publish('a', [{ base64: 'AP8=' }, { data: 'two' }], { every: 1, batch: 1 })
  expect(await ask(session.directUrl)).toContain('AP8=')
  await session.end('a')
  expect((await fetch(`${session.directUrl}a?wait=0&last_event_id=0:0`)).status).toBe(410)

  await session.close()
  await expect(session.stats()).rejects.toThrow(/there is no 1 here/)
  await expect(ask(session.directUrl)).rejects.toThrow(/fetch failed/)
  await control.close()
})

test('a page can script a server by HTTP', async () => {
  const control = await startControlServer()
  const script = await openScript(control.url)
  await script.respond([{ status: 418, body: 'short' }])
  const response = await fetch(script.url)
  expect([response.status, await response.text(), response.headers.get('access-control-allow-origin')]).toEqual([
    418,
    'short',
    '*',
  ])
  expect(await script.requests()).toMatchObject([{ method: 'GET', url: '/' }])
  await script.close()
  expect((await fetch(`${control.url}/other`)).status).toBe(500)
  await control.close()
})
