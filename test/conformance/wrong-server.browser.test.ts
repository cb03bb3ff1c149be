import { describe, expect } from 'vitest'
import { fetchStream, longPolling, polling, sse, xhrStream } from 'pinia-push/observables'
import { test } from './fixtures.ts'
import { BACKENDS, failedTwice, warning, spyOnWarnings, wrongServers } from './wrong-server.ts'

wrongServers({
  polling: polling({ minInterval: 50 }),
  longPolling: longPolling(),
  sse: sse(),
  fetchStream: fetchStream(),
  xhrStream: xhrStream(),
})

describe('an EventSource of another backend, which hides the head, warns once', () => {
  const native = { technique: () => sse({ native: true }) }

  test.for(['standard()', 'mercure()', 'durableStreams()'] as const)(
    '%s on the hub',
    async (backend, { serve, read }) => {
      const server = await serve()
      const warnings = spyOnWarnings()
      const reader = read(native, `${server.url}a`, warning(BACKENDS[backend]()))
      await failedTwice(reader)
      expect(warnings()).toEqual([expect.stringContaining('Use nchan().')])
      expect(reader.data).toEqual([])
    },
  )

  test.for(['nchan()', 'mercure()', 'durableStreams()'] as const)(
    '%s on a server of the standards',
    async (backend, { script, read }) => {
      const server = await script()
      await server.respond([{ headers: { 'content-type': 'text/event-stream' }, hold: true, body: 'data: one\n\n' }])
      const warnings = spyOnWarnings()
      const reader = read(native, `${server.url}a`, warning(BACKENDS[backend]()))
      await failedTwice(reader)
      expect(warnings()).toEqual([expect.stringContaining('standard()')])
      expect(reader.data).toEqual([])
    },
  )
})
