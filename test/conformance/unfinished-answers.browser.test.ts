import { expect, inject } from 'vitest'
import { backoff, standard, xhrStream } from 'pinia-push/observables'
import { test } from './fixtures.ts'

// Without a type that it need not guess, a browser holds the head back until it has seen enough of the body.
const head = { 'retry-after': '600', 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }

test.for([
  [404, 'rejected', 'failed', 60_000],
  // WebKitGTK reads a 401 to its end before a page hears of it: it may know a password to try.
  inject('engine') === 'webkit'
    ? ([401, 'connect-timeout', 'reconnecting', 500] as const)
    : ([401, 'unauthorized', 'failed', 60_000] as const),
  [503, 'unavailable', 'reconnecting', 60_000],
] as const)(
  'XMLHttpRequest says what a %i means whose body never ends: %s',
  async ([status, code, state, connectTimeout], { script, read }) => {
    const server = await script()
    await server.answers([{ status, headers: head, body: 'because', hold: true }])
    const options = { backend: standard(), retry: backoff({ initialDelay: 60_000, maxDelay: 60_000 }), connectTimeout }
    const reader = read({ technique: () => xhrStream() }, `${server.url}a`, options)
    const event = await reader.sees(state)
    expect(event.error).toMatchObject({ code, ...(code !== 'connect-timeout' && { status }) })
    expect(reader.count('open')).toBe(0)
  },
)
