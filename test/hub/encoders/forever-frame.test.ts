import { describe, expect } from 'vitest'
import { test } from '../mounted.ts'

const WORD = 'abcdefgh'

/** The start of a frame, as far as it holds a text. */
async function frameUntil(url: string, text: string): Promise<{ response: Response; page: string }> {
  const abort = new AbortController()
  const response = await fetch(url, { signal: abort.signal })
  let page = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    page += new TextDecoder().decode(chunk)
    if (page.includes(text)) break
  }
  abort.abort()
  return { response, page }
}

describe('a forever frame', () => {
  const query = (origin: string) => `?frame=${WORD}&frame_parent=${encodeURIComponent(origin)}`

  test('can be contained by its parent only, and runs only its own scripts', async ({ serve }) => {
    const { hub, url } = await serve({ allowedOrigins: ['https://app.example'], startFrom: 'oldest' })
    hub.publish('a', '</script><!--<script>\u2028\r\n\0 last')
    const { response, page } = await frameUntil(`${url}a${query('https://app.example')}`, 'last')
    const policy = response.headers.get('content-security-policy') ?? ''
    const nonce = /script-src 'nonce-([\w-]+)'/.exec(policy)?.[1]
    expect(policy).toMatch(/default-src 'none'.*frame-ancestors https:\/\/app\.example; sandbox/)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    // Every script has this answer's nonce, and there is nothing else in the document.
    expect(
      page
        .split('<script')
        .slice(1)
        .every((script) => script.startsWith(` nonce="${nonce}">`)),
    ).toBe(true)
    expect(page.replace(/^<!doctype html><meta charset="utf-8"><title>push<\/title> +/, '')).not.toMatch(
      /<(?!script nonce|\/script>)/,
    )
    expect(page).toContain(`${String.raw`\u003c/script>\u003c!--\u003cscript>`}\u2028${String.raw`\r\n\u0000 last`}`)
  })

  test.for(['http://a;sandbox', 'http://a,b', "http://a'b", 'http://a&b', 'http://a*b'])(
    'is rejected for a parent whose name has a meaning in a policy: %s',
    async (origin, { serve }) => {
      const { url } = await serve({ allowedOrigins: ['*'] })
      expect((await fetch(`${url}a${query(origin)}`)).status).toBe(403)
    },
  )

  test('is rejected for parents that are not allowed, and posts nothing to them', async ({ serve }) => {
    const { url } = await serve({ allowedOrigins: ['https://app.example'] })
    for (const origin of ['https://evil.example', 'null', '', 'https://app.example/path', `https://app.example','*`]) {
      const answer = await fetch(`${url}a${query(origin)}`)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'text/plain; charset=utf-8'])
    }
    expect((await fetch(`${url}a?frame=x&frame_parent=https://app.example`)).status).toBe(403)
    expect(
      (await fetch(`${url}a?frame=${encodeURIComponent('</script>')}&frame_parent=https://app.example`)).status,
    ).toBe(403)
  })

  test('posts a rejection to its parent, with its status and message', async ({ mount }) => {
    const { hub, port } = await mount({
      allowedOrigins: ['https://app.example'],
      authorize: ({ channel }) => channel !== 'b' || { status: 401, reason: '</script>' },
    })
    const ask = async (path: string) => {
      const answer = await fetch(
        `http://127.0.0.1:${port}/push/${path}${query('https://app.example').replace('?', path.includes('?') ? '&' : '?')}`,
      )
      const post = /postMessage\((\{.*\}),"https:\/\/app\.example"\)<\/script>$/.exec(await answer.text())?.[1]
      return { answered: answer.status, posted: JSON.parse(post ?? 'null') as unknown }
    }
    expect(await ask('b')).toEqual({
      answered: 401,
      posted: { push: WORD, status: 401, headers: {}, body: '</script>' },
    })
    const from = hub.cursor('a')
    hub.delete('a')
    expect(await ask(`a?last_event_id=${encodeURIComponent(from)}`)).toEqual({
      answered: 410,
      posted: { push: WORD, status: 410, headers: { 'Push-End': '1' }, body: 'Channel ended.' },
    })
    await hub.close()
    expect(await ask('a')).toMatchObject({ answered: 503, posted: { status: 503, headers: { 'Retry-After': 1 } } })
  })
})
