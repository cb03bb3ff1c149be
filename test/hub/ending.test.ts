import { describe, expect } from 'vitest'
import { head, place, stream, test } from './serve.ts'

describe('an end', () => {
  test('reaches all subscribers, and those that resume later', async ({ serve, frames }) => {
    const { hub, url } = await serve()
    const from = hub.cursor('a')
    const resume = `${url}a?last_event_id=${encodeURIComponent(from)}`
    const { next } = await stream(`${url}a`)
    await next()
    const socket = frames(`${url}a`)
    await socket.next()
    const poll = fetch(resume)
    while (hub.state('a')?.subscribers !== 3) await new Promise(setImmediate)
    expect(hub.delete('a')).toBe(true)
    expect(await next()).toBe('event: push.end\ndata: {}')
    expect(await next()).toBeUndefined()
    expect(await socket.next()).toMatchObject({ head: 'push: end' })
    expect(await socket.closed).toEqual({ code: 1_001, reason: '410 Gone' })
    const answered = await poll
    expect([answered.status, ...head(answered, 'push-end')]).toEqual([410, '1'])
    for (const accept of ['*/*', 'text/event-stream']) {
      const late = await fetch(resume, { headers: { accept } })
      expect([late.status, ...head(late, 'push-end')]).toEqual([410, '1'])
    }
    const late = frames(resume)
    expect(await late.next()).toMatchObject({ head: 'push: end' })
  })

  test('follows a gap for a subscriber that did not receive every message, with every technique', async ({
    serve,
    frames,
  }) => {
    const { hub, url } = await serve()
    hub.publish('other', 'x')
    const [{ id: first }, { id: last }] = [hub.publish('a', 'one'), hub.publish('a', 'two')]
    hub.delete('a')
    // To end it once more changes nothing.
    hub.delete('a')
    const resume = (id: string) => `${url}a?last_event_id=${encodeURIComponent(id)}`
    for (const accept of ['*/*', 'text/event-stream', 'multipart/mixed']) {
      const gaps = [first, last].map(async (id) => head(await fetch(resume(id), { headers: { accept } }), 'push-gap'))
      expect(await Promise.all(gaps)).toEqual([['history-expired'], [null]])
    }
    const behind = frames(resume(first))
    expect([await behind.next(), await behind.next()]).toMatchObject([
      { head: 'push: gap', body: '{"reason":"history-expired"}' },
      { head: 'push: end' },
    ])
    expect(await frames(resume(last)).next()).toMatchObject({ head: 'push: end' })
  })

  test('follows messages that were published just before it', async ({ serve }) => {
    const { hub, url } = await serve()
    const resume = `${url}a?last_event_id=${encodeURIComponent(hub.cursor('a'))}`
    const poll = fetch(resume)
    while (hub.state('a')?.subscribers !== 1) await new Promise(setImmediate)
    hub.publish('a', 'last words')
    hub.delete('a')
    expect(await (await poll).text()).toBe('last words')
    expect((await fetch(resume)).status).toBe(410)
  })

  test('is forgotten with the history', async ({ serve }) => {
    let now = 1_700_000_000_000
    const { hub, url } = await serve({ now: () => now, heartbeat: 20, history: { age: 1_000 } })
    const resume = `${url}a?last_event_id=${encodeURIComponent(hub.cursor('a'))}`
    hub.delete('a')
    expect((await fetch(resume)).status).toBe(410)
    now += 1_001
    // The next heartbeat sweeps.
    while ((await fetch(`${resume}&wait=0`)).status === 410) await new Promise(setImmediate)
  })

  test('no longer applies when a subscriber starts without a cursor', async ({ serve }) => {
    const { hub, url } = await serve()
    const from = hub.cursor('a')
    hub.delete('a')
    expect((await fetch(`${url}a?wait=0`)).status).toBe(304)
    expect((await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent(from)}`)).status).toBe(304)
  })

  test('no longer applies after another publication, and an older cursor causes a gap', async ({ serve }) => {
    const { hub, url } = await serve({ now: () => 1_700_000_000_500 })
    const cursors = ['one', 'two'].map((body) => hub.publish('a', body).id)
    const life = (cursor: string) => cursor.split('.')[1]
    for (const body of ['three', 'four']) {
      hub.delete('a')
      const { id } = hub.publish('a', body)
      expect(cursors.map(life)).not.toContain(life(id))
      for (const cursor of cursors) {
        const poll = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent(cursor)}`)
        expect([poll.status, ...head(poll, 'push-gap'), place(poll)]).toEqual([304, 'unknown-cursor', id])
      }
      cursors.push(id)
    }
  })

  test('reaches polls of a channel without any publication', async ({ serve }) => {
    const { hub, url } = await serve()
    const from = place(await fetch(`${url}a?wait=0`))
    expect(hub.delete('a')).toBe(false)
    const poll = await fetch(`${url}a?wait=0&last_event_id=${encodeURIComponent(from)}`)
    expect([poll.status, ...head(poll, 'push-end')]).toEqual([410, '1'])
  })
})

describe('a hub that closes', () => {
  test('ends every connection so that its client reconnects', async ({ serve, frames }) => {
    const { hub, url } = await serve()
    const { next } = await stream(`${url}a`)
    await next()
    const socket = frames(`${url}a`)
    await socket.next()
    const poll = fetch(`${url}a?last_event_id=${encodeURIComponent(hub.cursor('a'))}`)
    while (hub.state('a')?.subscribers !== 3) await new Promise(setImmediate)
    hub.close()
    expect(await next()).toBeUndefined()
    expect((await socket.closed).code).toBe(1_012)
    expect((await poll).status).toBe(304)
  })
})
