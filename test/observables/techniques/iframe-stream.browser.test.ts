import { describe, expect, onTestFinished } from 'vitest'
import { backoff, iframeStream, nchan, standard } from 'pinia-push/observables'
import { story, test } from '../../conformance/fixtures.ts'

const row = { technique: () => iframeStream() }
const patient = { retry: backoff({ initialDelay: 60_000, maxDelay: 60_000 }) }
const HTML = { 'content-type': 'text/html' }

const frames = () => document.querySelectorAll('iframe[src*="frame="]')
const token = () => new URL(frames()[0]?.getAttribute('src') ?? '').searchParams.get('frame')

describe('iframeStream', () => {
  test('reports the status and the reason when the hub rejects it', async ({ serve, read }) => {
    const server = await serve()
    const { error } = await read(row, `${server.url}${'x'.repeat(256)}`, patient).sees('reconnecting')
    expect(error.code).toBe('network-error')
    const reader = read(row, `${server.url}a?last_event_id=nonsense`, patient)
    const failed = await reader.sees('failed')
    expect(failed.error).toMatchObject({ code: 'rejected', status: 400 })
    expect(failed.error.message).toMatch(/nonsense.*not a cursor/)
    expect(frames()).toHaveLength(0)
  })

  test.for([
    ['an error page', { status: 503, headers: HTML, body: '<h1>Unavailable</h1>' }],
    ['a page that may not be framed', { headers: { ...HTML, 'x-frame-options': 'DENY' }, body: 'no' }],
    ['the page of a captive portal', { headers: HTML, body: '<h1>Log in</h1>' }],
    ['a page that allows no parent', { headers: { ...HTML, 'content-security-policy': "frame-ancestors 'none'" } }],
  ] as const)('fails on %s, and the error lists the usual causes', async ([, answer], { script, read }) => {
    const server = await script()
    await server.respond([answer])
    const { error } = await read(row, `${server.url}a`, patient).sees('reconnecting')
    expect([error.code, error.message]).toEqual(['network-error', expect.stringMatching(/X-Frame-Options.*frame-src/)])
    expect(frames()).toHaveLength(0)
  })

  test('with standard() fails at a server of nchan(), and the error names nchan()', async ({ serve, read }) => {
    const server = await serve()
    const reader = read(row, `${server.url}a`, { ...patient, backend: standard() })
    const { error } = await reader.sees('reconnecting')
    expect([error.code, error.message]).toEqual(['unexpected-response', expect.stringContaining('Use nchan()')])
    expect(reader.data).toEqual([])
    expect(frames()).toHaveLength(0)
  })

  test('fails when the policy of this page blocks the frame', async ({ serve, read }) => {
    const server = await serve()
    const policy = document.createElement('meta')
    policy.httpEquiv = 'Content-Security-Policy'
    // A policy cannot be removed from a document, so this one blocks nothing that another test needs.
    policy.content = `frame-src http://127.0.0.1:* http://localhost:*; frame-src-elem 'none'`
    document.head.append(policy)
    onTestFinished(() => policy.remove())
    const reader = read(row, server.url.replace('127.0.0.1', '127.0.0.2').concat('a'), patient)
    expect((await reader.sees('reconnecting')).error.code).toBe('network-error')
  })

  test('reads a document to its end if its connection ends before it is parsed', async ({ script, read }) => {
    const server = await script()
    const page = (n: number, before = '') => ({
      headers: HTML,
      body: `<!doctype html>${before}<script>
        const query = new URLSearchParams(location.search)
        const post = (frame) => parent.postMessage({ push: query.get('frame'), frame }, query.get('frame_parent'))
        post('push: open\\n\\n{"gaps":true}')
        post('id: 1:${n}\\ncontent-type: text/plain\\n\\n${n}')
      </script>`,
    })
    // On a busy machine, parsing is late by itself.
    const late = { headers: { 'content-type': 'text/javascript' }, delay: 500 }
    await server.respond([page(1), page(2, '<script src="late.js"></script>'), late, page(3)])
    const reader = read(row, `${server.url}a`)
    await reader.gets('3')
    expect(story(reader.events).slice(0, 3)).toEqual(['1', '2', '3'])
    const asked = (await server.requests()).filter(({ url }) => url.includes('frame='))
    const cursors = asked.map(({ url }) => new URL(url, server.url).searchParams.get('last_event_id'))
    expect(cursors.slice(0, 3)).toEqual([null, '1:1', '1:2'])
  })

  test('ignores posts of another window, origin or token', async ({ serve, read }) => {
    const server = await serve()
    const reader = read(row, `${server.url}a`)
    await reader.sees('open')
    const forged = 'id: 9:9\ncontent-type: text/plain\n\nforged'
    window.postMessage({ push: token(), frame: forged }, '*')
    window.postMessage({ push: token(), frame: 'push: end\n\n{}' }, '*')
    window.postMessage({ push: token(), status: 403, body: 'forged' }, '*')
    window.postMessage(null, '*')
    const other = document.createElement('iframe')
    other.srcdoc = `<script>parent.postMessage(${JSON.stringify({ push: token(), frame: forged })}, '*')</script>`
    const posted = new Promise((resolve) =>
      addEventListener('message', ({ source }) => source === other.contentWindow && resolve(null)),
    )
    document.body.append(other)
    onTestFinished(() => other.remove())
    await posted
    await server.publish('a', [{ data: 'true' }])
    await reader.gets('true')
    expect(story(reader.events)).toEqual(['true'])
  })

  test('replaces the frame at `maxBufferedChars` without an event to readers, one frame at a time', async ({
    serve,
    read,
  }) => {
    const server = await serve()
    const small = { technique: () => iframeStream({ maxBufferedChars: 1_000 }) }
    const reader = read(small, `${server.url}a`)
    await reader.sees('open')
    const before = frames()[0]
    const data = Array.from({ length: 50 }, (_, n) => `${n} ${'x'.repeat(100)}`)
    await server.publish(
      'a',
      data.map((each) => ({ data: each })),
    )
    await reader.gets(data.at(-1) ?? '')
    expect(reader.data).toEqual(data)
    expect(reader.events.filter(({ type }) => type !== 'message').map(({ type }) => type)).toEqual([
      'connecting',
      'open',
    ])
    expect(frames()[0]).not.toBe(before)
    expect(frames()).toHaveLength(1)
    reader.leave()
    expect(frames()).toHaveLength(0)
  })

  test('fails with headers-unsupported when prepareRequest gives headers', async ({ serve, read }) => {
    const server = await serve()
    const prepareRequest = () => ({ headers: { Authorization: 'x' } })
    const { error } = await read(row, `${server.url}a`, { prepareRequest, backend: nchan() }).sees('failed')
    expect(error.code).toBe('headers-unsupported')
  })
})
