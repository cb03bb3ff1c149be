import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createHub } from 'pinia-push/hub'
import {
  backoff,
  createPushClient,
  fallback,
  fetchStream,
  longPolling,
  nchan,
  polling,
  sse,
  webSocket,
  type AuthOptions,
  type PushClientOptions,
  type Technique,
} from 'pinia-push/observables'
import { waitFor } from '../../wait-for.ts'

const implementation = WebSocket as unknown as typeof globalThis.WebSocket
const ws = () => webSocket({ implementation })

/** A hub that reads the token where a request carries it, and accepts one at a time. */
async function start(auth: AuthOptions, options: PushClientOptions = {}, good = 'good') {
  const requests: { action: string; token: string | undefined; where: 'header' | 'query' | undefined }[] = []
  const hub = createHub({
    log: () => {},
    authorize({ action, headers, query }) {
      const inQuery = query.get('access_token') ?? undefined
      const inHeader = headers.authorization?.replace('Bearer ', '')
      const where = inHeader ? 'header' : inQuery ? 'query' : undefined
      requests.push({ action, token: inHeader ?? inQuery, where })
      return (inHeader ?? inQuery) === good || { status: 401 }
    },
  })
  const { url, close } = await hub.listen()
  onTestFinished(close)
  const push = createPushClient({
    baseUrl: `${url}/push/`,
    backend: nchan(),
    retry: backoff({ initialDelay: 10, maxDelay: 50 }),
    disconnectDelay: 0,
    warnings: false,
    auth,
    ...options,
  })
  onTestFinished(() => push.close())
  const channel = push.channel<string>('a')
  const reading = () => {
    const subscription = channel.events$.subscribe()
    onTestFinished(() => subscription.unsubscribe())
  }
  const status = (wanted: string) => waitFor(() => expect(channel.status).toBe(wanted))
  return { hub, push, channel, requests, reading, status }
}

const TECHNIQUES: readonly [name: string, where: 'header' | 'query', technique: () => Technique][] = [
  ['sse', 'header', () => sse()],
  ['fetchStream', 'header', () => fetchStream()],
  ['longPolling', 'header', () => longPolling()],
  ['polling', 'header', () => polling()],
  ['webSocket', 'query', ws],
  ['fallback to webSocket', 'query', () => fallback(ws(), sse())],
  ['fallback to sse', 'header', () => fallback(sse(), ws())],
]

describe('the token of `auth`', () => {
  test.each(TECHNIQUES)('is sent by %s in the %s', async (_, where, technique) => {
    const { channel, requests, reading, status } = await start({ token: () => 'good' }, { technique: technique() })
    reading()
    await status('open')
    expect(channel.state.error).toBeUndefined()
    expect(new Set(requests.map((request) => request.where))).toEqual(new Set([where]))
  })

  test.each(TECHNIQUES.filter(([, where]) => where === 'header'))(
    'that the server rejects is replaced once, by %s, and is not sent again',
    async (_, __, technique) => {
      const tokens = ['old', 'good']
      const { requests, reading, status } = await start(
        { token: () => tokens.shift() ?? 'none' },
        { technique: technique() },
      )
      reading()
      await status('open')
      expect(requests[0]?.token).toBe('old')
      expect(requests.slice(1).every(({ token }) => token === 'good')).toBe(true)
      expect(tokens).toEqual([])
    },
  )

  test('is requested once for all channels', async () => {
    let calls = 0
    const token = async () => {
      calls += 1
      return 'good'
    }
    const { push, reading, status } = await start({ token }, { technique: sse() })
    reading()
    const subscription = push.channel('b').events$.subscribe()
    onTestFinished(() => subscription.unsubscribe())
    await status('open')
    await waitFor(() => expect(push.channel('b').status).toBe('open'))
    expect(calls).toBe(1)
  })

  test('is sent with posted messages', async () => {
    const { hub, channel, requests, reading, status } = await start({ token: () => 'good' }, { technique: sse() })
    reading()
    await status('open')
    await channel.send('one')
    expect(requests.at(-1)).toEqual({ action: 'publish', token: 'good', where: 'header' })
    expect(hub.state('a')?.messages).toBe(1)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('signed out')
      },
    ],
    ['rejects', () => Promise.reject(new Error('signed out'))],
    ['rejects as fetch does without a network', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['returns an empty text', () => ''],
    ['returns no text', () => ({ token: 5 }) as never],
  ])('is requested again by the policy where the function %s', async (_, wrong) => {
    let calls = 0
    const token = () => ((calls += 1) < 3 ? wrong() : 'good')
    const { channel, requests, reading, status } = await start({ token }, { technique: sse() })
    const codes: (string | undefined)[] = []
    channel.state$.subscribe(({ error }) => codes.push(error?.code))
    reading()
    await status('open')
    expect(new Set(codes.filter(Boolean))).toEqual(new Set(['prepare-failed']))
    expect(requests.map(({ token }) => token)).toEqual(['good'])
  })

  test('is requested again for the next message, where the function hangs for one', async () => {
    let calls = 0
    const hang = () => new Promise<never>(() => {})
    // The channel opens with the first call. The first message makes the second call, and the next message the third.
    const token = () => ((calls += 1) === 2 ? hang() : { token: 'good', expiresAt: Date.now() })
    const { hub, channel, reading, status } = await start({ token }, { technique: sse(), sendTimeout: 200 })
    reading()
    await status('open')
    await expect(channel.send('one')).rejects.toMatchObject({ code: 'send-aborted' })
    await channel.send('two')
    expect(hub.state('a')?.messages).toBe(1)
    expect(calls).toBe(3)
  })
})
