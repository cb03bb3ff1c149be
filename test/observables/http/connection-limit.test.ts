import { afterEach, describe, expect, test, vi } from 'vitest'
import { connectionLimit } from '../../../src/observables/http/connection-limit.ts'

const A = 'http://a.example'
const B = 'http://b.example'

describe('the connection limit of a client', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('lets four streams to one origin of a page open, and another one after a release', () => {
    vi.stubGlobal('location', {})
    const limit = connectionLimit()
    const releases = Array.from({ length: 4 }, () => limit.tryAcquire(A))
    expect(releases.every((release) => release !== undefined)).toBe(true)
    expect(limit.tryAcquire(A)).toBeUndefined()
    expect(limit.tryAcquire(B)).toBeDefined()
    releases[0]?.()
    expect(limit.tryAcquire(A)).toBeDefined()
    expect(limit.tryAcquire(A)).toBeUndefined()
  })

  test('does not apply over TLS before HTTP/1.1 was seen', () => {
    vi.stubGlobal('location', {})
    const limit = connectionLimit()
    for (let n = 0; n < 10; n += 1) expect(limit.tryAcquire('https://a.example')).toBeDefined()
  })

  test('does not apply outside of a page', () => {
    const limit = connectionLimit()
    for (let n = 0; n < 10; n += 1) expect(limit.tryAcquire(A)).toBeDefined()
  })
})
