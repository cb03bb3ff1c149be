import { expect, inject } from 'vitest'
import { backoff, standard, xhrStream } from 'pinia-push/observables'
import { test } from './fixtures.ts'

// Without a type that it can trust, a browser delays the head until it has read enough of the body to guess the type.
const head = { 'retry-after': '600', 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }

test.for([
  [404, 'rejected', 'failed', 60_000],
  // WebKitGTK reads a 401 to its end before it reports it, because it may have a password to try.
  inject('engine') === 'webkit'
    ? ([401, 'connect-timeout', 'reconnecting', 500] as const)
    : ([401, 'unauthorized', 'failed', 60_000] as const),
  [503, 'unavailable', 'reconnecting', 60_000],
] as const)(
  'XMLHttpRequest reports a %i whose body never ends as %s',
  async ([status, code, state, connectTimeout], { script, read }) => {
    const server = await script()
    await server.respond([{ status, headers: head, body: 'because', hold: true }])
    const options = { backend: standard(), retry: backoff({ initialDelay: 60_000, maxDelay: 60_000 }), connectTimeout }
    const reader = read({ technique: () => xhrStream() }, `${server.url}a`, options)
    const event = await reader.sees(state)
    expect(event.error).toMatchObject({ code, ...(code !== 'connect-timeout' && { status }) })
    expect(reader.count('open')).toBe(0)
  },
)
