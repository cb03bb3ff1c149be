import { afterEach, describe, expect, test, vi } from 'vitest'
import { Observable } from 'rxjs'
import { tryAcquire, withConnectionSlot, type ConnectionLimit } from '../../../src/observables/http/connection-limit.ts'
import { waitFor } from '../../wait-for.ts'

const A = 'http://a.example'
const B = 'http://b.example'

describe('the connection limit of a client', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('lets four streams to one origin of a page open, and another one after a release', () => {
    vi.stubGlobal('location', {})
    const limit: ConnectionLimit = new Map()
    const releases = Array.from({ length: 4 }, () => tryAcquire(limit, A))
    expect(releases.every((release) => release !== undefined)).toBe(true)
    expect(tryAcquire(limit, A)).toBeUndefined()
    expect(tryAcquire(limit, B)).toBeDefined()
    releases[0]?.()
    expect(tryAcquire(limit, A)).toBeDefined()
    expect(tryAcquire(limit, A)).toBeUndefined()
  })

  test('does not apply over TLS before HTTP/1.1 was seen', () => {
    vi.stubGlobal('location', {})
    const limit: ConnectionLimit = new Map()
    for (let n = 0; n < 10; n += 1) expect(tryAcquire(limit, 'https://a.example')).toBeDefined()
  })

  test('does not apply outside of a page', () => {
    const limit: ConnectionLimit = new Map()
    for (let n = 0; n < 10; n += 1) expect(tryAcquire(limit, A)).toBeDefined()
  })
})

describe('a slot that pages share', () => {
  afterEach(() => vi.unstubAllGlobals())

  type Granted = (lock: Lock | null) => unknown

  /** A page whose locks behave as `request` does. Returns a stream, and what it did. */
  function page(request: (granted: Granted) => Promise<unknown>) {
    vi.stubGlobal('location', {})
    const requested = vi.fn<(name: string, options: object, granted: Granted) => Promise<unknown>>(
      (_name, _options, granted) => request(granted),
    )
    vi.stubGlobal('navigator', { locks: { request: requested } })
    const seen: string[] = []
    const source = new Observable<never>(() => {
      seen.push('opened')
      return () => seen.push('closed')
    })
    const stream = withConnectionSlot({ url: `${A}/a`, connectionLimit: new Map() }, 'sse', source)
    return { seen, requested, read: () => stream.subscribe({ error: ({ code }) => seen.push(code) }) }
  }
  const settled = () => new Promise((resolve) => setTimeout(resolve))
  const LOCK: Lock = { name: 'pinia-push', mode: 'exclusive' }

  test('is not requested for a stream that was left before', async () => {
    const { seen, requested, read } = page(async (granted) => granted(LOCK))
    read().unsubscribe()
    await settled()
    expect([seen, requested.mock.calls.length]).toEqual([[], 0])
  })

  test('is not needed where the page has no locks', async () => {
    const { seen, read } = page(() => Promise.reject(new DOMException('no storage', 'SecurityError')))
    const reading = read()
    await settled()
    reading.unsubscribe()
    expect(seen).toEqual(['opened', 'closed'])
  })

  test('that is refused after its stream was left opens nothing', async () => {
    let refuse = (_error: unknown) => {}
    const { seen, requested, read } = page(() => new Promise((_, reject) => (refuse = reject)))
    const reading = read()
    await waitFor(() => expect(requested).toHaveBeenCalled())
    reading.unsubscribe()
    refuse(new DOMException('no storage', 'SecurityError'))
    await settled()
    expect(seen).toEqual([])
  })

  test('that the application steals leaves its stream open, once', async () => {
    let steal = (_error: unknown) => {}
    const { seen, read } = page((granted) => {
      void granted(LOCK)
      return new Promise((_, reject) => (steal = reject))
    })
    const reading = read()
    await waitFor(() => expect(seen).not.toEqual([]))
    steal(new DOMException('stolen', 'AbortError'))
    await settled()
    expect(seen).toEqual(['opened'])
    reading.unsubscribe()
    expect(seen).toEqual(['opened', 'closed'])
  })
})
