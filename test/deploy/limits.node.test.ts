import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guards } from '../servers/guard.ts'
import { plain } from '../servers/nginx-config.ts'
import { startNginx, type Nginx } from '../servers/nginx.ts'

/** Small, so that a test reaches them. */
const STREAMS = 3
const BURST = 100

let nginx: Nginx
beforeAll(async () => {
  nginx = await startNginx({
    guard: guards().start,
    changes: (port) => [
      plain(port),
      ['nginx.conf', 'push_readers 1000', `push_readers ${STREAMS}`],
      ['nginx.conf', 'burst=1000', `burst=${BURST}`],
      ['push/limits.conf', 'rate=200r/s', 'rate=1r/s'],
    ],
  })
})
afterAll(() => nginx.stop())

const at = (channel: string) => `http://127.0.0.1:${nginx.port}/push/${channel}`

describe('one address', () => {
  test('holds so many streams, and one more is answered 429 until one is left', async () => {
    const open = async () => {
      const left = new AbortController()
      const answer = await fetch(at('a'), { headers: { accept: 'text/event-stream' }, signal: left.signal })
      return { status: answer.status, leave: () => left.abort() }
    }
    const streams = []
    for (let n = 0; n <= STREAMS; n += 1) streams.push(await open())
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    for (const { leave } of streams) leave()
    await expect.poll(async () => (await open()).status).toBe(200)
  })

  test('asks so often, and then is answered 429', async () => {
    const asked = Array.from({ length: 3 * BURST }, async () => {
      const answer = await fetch(`${at('b')}?wait=0`)
      await answer.text()
      return answer.status
    })
    const answers = new Set(await Promise.all(asked))
    expect(answers).toEqual(new Set([200, 429]))
  })
})
