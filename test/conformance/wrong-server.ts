import { describe, expect, onTestFinished, vi } from 'vitest'
import { backoff, durableStreams, mercure, nchan, standard, type Backend, type Technique } from 'pinia-push/observables'
import type { ScriptedResponse } from '../servers/control-client.ts'
import { test, type Reader } from './fixtures.ts'

/** Returns the warnings of this library on the console so far. */
export function spyOnWarnings() {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  return () => warn.mock.calls.map(([sentence]) => String(sentence)).filter((text) => text.startsWith('[pinia-push]'))
}

/** The options of a client that warns and retries soon. */
export const warning = (backend: Backend) => ({
  backend,
  warnings: true,
  retry: backoff({ initialDelay: 10, maxDelay: 10 }),
})

/** Resolves after two failed attempts. */
export async function failedTwice(reader: Reader): Promise<void> {
  await reader.sees('reconnecting', ({ attempt }) => attempt === 2)
}

export const BACKENDS = {
  'standard()': standard,
  'nchan()': nchan,
  'mercure()': mercure,
  'durableStreams()': durableStreams,
}
type BackendName = keyof typeof BACKENDS

/** The part of a backend that each technique uses. */
const PARTS = {
  polling: 'poll',
  longPolling: 'poll',
  sse: 'eventStream',
  fetchStream: 'stream',
  xhrStream: 'stream',
} as const satisfies Record<string, keyof Backend>

export type TechniqueName = keyof typeof PARTS

/** Returns the techniques that a backend supports. */
export const supported = (names: readonly TechniqueName[], backend: BackendName) =>
  names.filter((name) => BACKENDS[backend]()[PARTS[name]] !== undefined)

const EVENTS: ScriptedResponse = { headers: { 'content-type': 'text/event-stream' }, hold: true, body: 'data: one\n\n' }
const OTHER_IDS: ScriptedResponse = { ...EVENTS, body: 'retry: 10\nid: 7\ndata: one\n\n' }
const STATE: ScriptedResponse = { headers: { 'content-type': 'application/json', etag: '"1"' }, body: '1' }

/** The promises about a server of another backend: development warns once, and the channel never opens. */
export function wrongServers(techniques: Partial<Record<TechniqueName, Technique>>) {
  const names = Object.keys(techniques) as TechniqueName[]
  const row = (name: TechniqueName) => ({ technique: () => techniques[name] as Technique })
  const rows = (Object.keys(BACKENDS) as BackendName[]).flatMap((backend) =>
    supported(names, backend).map((name) => [backend, name] as const),
  )

  describe('HTML from a mistyped URL or a login warns once, and the channel never opens', () => {
    test.for(rows)('%s by %s', async ([backend, name], { script, read }) => {
      const server = await script()
      const page = { 'content-type': 'text/html', 'last-modified': 'Thu, 01 Jan 1970 00:00:05 GMT', etag: '"5e8f"' }
      await server.respond([{ headers: page, body: '<!doctype html><title>App</title>' }])
      const warnings = spyOnWarnings()
      const reader = read(row(name), `${server.url}a`, warning(BACKENDS[backend]()))
      await failedTwice(reader)
      expect(warnings()).toEqual([expect.stringMatching(/unexpected response.*text\/html/i)])
      expect(reader.count('open')).toBe(0)
    })
  })

  describe('a server that follows the standards alone makes other backends name `standard()`', () => {
    test.for(
      rows
        .filter(([backend]) => backend !== 'standard()')
        .flatMap(([backend, name]) => {
          const responses: [string, ScriptedResponse][] =
            PARTS[name] === 'poll'
              ? [['a JSON document', STATE]]
              : [
                  ['events without ids', EVENTS],
                  ['events with ids of its own', OTHER_IDS],
                ]
          return responses.map(([what, response]) => [backend, name, what, response] as const)
        })
        // The ids of a Mercure hub may be any text.
        .filter(([backend, , , response]) => backend !== 'mercure()' || response !== OTHER_IDS),
    )('%s by %s, %s', async ([backend, name, , response], { script, read }) => {
      const server = await script()
      await server.respond([response])
      const warnings = spyOnWarnings()
      const reader = read(row(name), `${server.url}a`, warning(BACKENDS[backend]()))
      await failedTwice(reader)
      expect(warnings()).toEqual([expect.stringContaining('standard()')])
      expect(reader.data).toEqual([])
      // A Mercure hub may send nothing before its first event.
      expect(backend === 'mercure()' || reader.count('open') === 0).toBe(true)
    })
  })

  describe('the hub makes other backends name `nchan()`', () => {
    test.for(rows.filter(([backend]) => backend !== 'nchan()'))(
      '%s by %s',
      async ([backend, name], { serve, read }) => {
        const server = await serve()
        const warnings = spyOnWarnings()
        await server.publish('a', [{ data: 'one' }])
        const reader = read(row(name), `${server.url}a`, warning(BACKENDS[backend]()))
        await failedTwice(reader)
        expect(warnings()).toEqual([expect.stringContaining('Use nchan().')])
        expect([reader.data, reader.count('open')]).toEqual([[], 0])
      },
    )
  })
}
