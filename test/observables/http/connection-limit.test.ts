import { afterEach, describe, expect, test, vi } from 'vitest'
import { tryAcquire, type ConnectionLimit } from '../../../src/observables/http/connection-limit.ts'

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
