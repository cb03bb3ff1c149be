import { describe, expect } from 'vitest'
import { head, place, stream, test } from '../serve.ts'

describe('resuming', () => {
  test.for(['newest', 'oldest', -2] as const)('starts at %s without a cursor', async (startFrom, { serve }) => {
    const { hub, url } = await serve({ startFrom })
    for (const body of ['one', 'two', 'three']) hub.publish('a', body)
    const { next, leave } = await stream(`${url}a`)
    await next()
    hub.publish('a', 'four')
    const expected = { newest: 'four', oldest: 'one', [-2]: 'two' }[startFrom]
    expect(await next()).toMatch(new RegExp(`data: ${expected}$`))
    leave()
  })

  test('accepts a cursor in every place, with their precedence', async ({ serve }) => {
    const { hub, url } = await serve()
    const [one, two] = ['one', 'two', 'three'].map((body) => hub.publish('a', body).id)
    const [seconds, counter] = (one ?? '').split(':')
    const since = {
      'if-modified-since': new Date(Number(seconds) * 1_000).toUTCString(),
      'if-none-match': counter ?? '',
    }
    const query = `last_event_id=${encodeURIComponent(two ?? '')}`
    const asks: [string, Record<string, string>, string][] = [
      [`${url}a?${query}`, {}, 'three'],
      [`${url}a?${query}`, { 'last-event-id': one ?? '' }, 'two'],
      [`${url}a?${query}`, { 'last-event-id': two ?? '', ...since }, 'two'],
    ]
    for (const [address, headers, expected] of asks) {
      const { next, leave } = await stream(address, headers)
      await next()
      expect(await next()).toMatch(new RegExp(`data: ${expected}$`))
      leave()
    }
  })

  test('sends a gap if messages after the cursor expired, and continues with the oldest message', async ({
    serve,
    frames,
  }) => {
    const { hub, url } = await serve({ history: { count: 2 } })
    const [one] = ['one', 'two', 'three', 'four'].map((body) => hub.publish('a', body).id)
    const address = `${url}a?last_event_id=${encodeURIComponent(one ?? '')}`
    const { next, leave } = await stream(address)
    await next()
    expect(await next()).toMatch(/event: push\.gap\ndata: {"reason":"history-expired"}$/)
    expect(await next()).toMatch(/data: three$/)
    leave()
    const poll = await fetch(`${address}&wait=0`)
    expect(head(poll, 'push-gap')).toEqual(['history-expired'])
    const socket = frames(address)
    await socket.next()
    expect(await socket.next()).toMatchObject({
      head: expect.stringMatching(/push: gap$/),
      body: '{"reason":"history-expired"}',
    })
  })

  test('sends no gap if the cursor is that of the last expired message', async ({ serve }) => {
    const { hub, url } = await serve({ history: { count: 2 } })
    const [one] = ['one', 'two', 'three'].map((body) => hub.publish('a', body).id)
    const poll = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent(one ?? '')}`)
    expect(head(poll, 'push-gap')).toEqual([null])
  })

  test('sends a gap for a cursor from the future, and continues from now', async ({ serve }) => {
    const { hub, url } = await serve()
    hub.publish('a', 'one')
    const poll = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent('9999999999:0')}`)
    expect([poll.status, ...head(poll, 'push-gap'), place(poll)]).toEqual([304, 'unknown-cursor', hub.cursor('a')])
  })

  test('sends the whole history after 0:0, without a gap', async ({ serve }) => {
    const { hub, url } = await serve({ history: { count: 1 } })
    for (const body of ['one', 'two']) hub.publish('a', body)
    const poll = await fetch(`${url}a?wait=0&last_event_id=0:0`)
    expect([await poll.text(), ...head(poll, 'push-gap')]).toEqual(['two', null])
  })

  test('drops messages by age and by bytes too', async ({ serve }) => {
    let now = 1_700_000_000_000
    const { hub, url } = await serve({ now: () => now, history: { age: 1_000, bytes: 10 }, startFrom: 'oldest' })
    hub.publish('a', '12345678')
    hub.publish('a', '87654321')
    expect(hub.state('a')?.messages).toBe(1)
    now += 1_001
    expect((await fetch(`${url}a?wait=0`)).status).toBe(304)
  })
})

test('a channel that is not used is forgotten after the history’s age', async ({ serve }) => {
  let now = 1_700_000_000_000
  const { hub, url } = await serve({ now: () => now, heartbeat: 20, history: { age: 1_000 } })
  hub.publish('a', 'one')
  now += 1_001
  while (hub.state('a')) await fetch(`${url}b?wait=0`)
})
