import { describe, expect, onTestFinished, vi } from 'vitest'
import { backoff, durableStreams, mercure, nchan, standard, type Backend, type Technique } from 'pinia-push/observables'
import type { ScriptedAnswer } from '../servers/control-client.ts'
import { test, type Reader } from './fixtures.ts'

/** What the console is warned of while a channel tries. */
export function watched() {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  return () => warn.mock.calls.map(([sentence]) => String(sentence)).filter((said) => said.startsWith('[pinia-push]'))
}

/** What a client is given that warns, and tries again soon. */
export const warning = (backend: Backend) => ({
  backend,
  warnings: true,
  retry: backoff({ initialDelay: 10, maxDelay: 10 }),
})

/** Resolves when it was tried twice, and nothing came of it. */
export async function triedTwice(reader: Reader): Promise<void> {
  await reader.sees('reconnecting', ({ attempt }) => attempt === 2)
}

export const BACKENDS = {
  'standard()': standard,
  'nchan()': nchan,
  'mercure()': mercure,
  'durableStreams()': durableStreams,
}
type BackendName = keyof typeof BACKENDS

/** Which part of a backend each technique takes. */
const PARTS = {
  polling: 'poll',
  longPolling: 'poll',
  sse: 'eventStream',
  fetchStream: 'stream',
  xhrStream: 'stream',
} as const satisfies Record<string, keyof Backend>

export type TechniqueName = keyof typeof PARTS

/** The techniques that speak a backend's backend. */
export const spoken = (names: readonly TechniqueName[], backend: BackendName) =>
  names.filter((name) => BACKENDS[backend]()[PARTS[name]] !== undefined)

const EVENTS: ScriptedAnswer = { headers: { 'content-type': 'text/event-stream' }, hold: true, body: 'data: one\n\n' }
const OTHER_IDS: ScriptedAnswer = { ...EVENTS, body: 'retry: 10\nid: 7\ndata: one\n\n' }
const STATE: ScriptedAnswer = { headers: { 'content-type': 'application/json', etag: '"1"' }, body: '1' }

/** Development is warned once of a server that is not of the backend's kind, and the channel is never open. */
export function wrongServers(techniques: Partial<Record<TechniqueName, Technique>>) {
  const names = Object.keys(techniques) as TechniqueName[]
  const row = (name: TechniqueName) => ({ technique: () => techniques[name] as Technique })
  const rows = (Object.keys(BACKENDS) as BackendName[]).flatMap((backend) =>
    spoken(names, backend).map((name) => [backend, name] as const),
  )

  describe('HTML, from a mistyped URL or a login, is warned of once and is never open', () => {
    test.for(rows)('%s by %s', async ([backend, name], { script, read }) => {
      const server = await script()
      const page = { 'content-type': 'text/html', 'last-modified': 'Thu, 01 Jan 1970 00:00:05 GMT', etag: '"5e8f"' }
      await server.answers([{ headers: page, body: '<!doctype html><title>App</title>' }])
      const warnings = watched()
      const reader = read(row(name), `${server.url}a`, warning(BACKENDS[backend]()))
      await triedTwice(reader)
      expect(warnings()).toEqual([expect.stringMatching(/unexpected response.*text\/html/i)])
      expect(reader.count('open')).toBe(0)
    })
  })

  describe('a server that follows the standards alone is no other backend’s: `standard()` is named', () => {
    test.for(
      rows
        .filter(([backend]) => backend !== 'standard()')
        .flatMap(([backend, name]) => {
          const answers: [string, ScriptedAnswer][] =
            PARTS[name] === 'poll'
              ? [['a JSON document', STATE]]
              : [
                  ['events without ids', EVENTS],
                  ['events with ids of its own', OTHER_IDS],
                ]
          return answers.map(([what, answer]) => [backend, name, what, answer] as const)
        })
        // A Mercure hub's ids are any text.
        .filter(([backend, , , answer]) => backend !== 'mercure()' || answer !== OTHER_IDS),
    )('%s by %s, %s', async ([backend, name, , answer], { script, read }) => {
      const server = await script()
      await server.answers([answer])
      const warnings = watched()
      const reader = read(row(name), `${server.url}a`, warning(BACKENDS[backend]()))
      await triedTwice(reader)
      expect(warnings()).toEqual([expect.stringContaining('standard()')])
      expect(reader.data).toEqual([])
      // A Mercure hub need not say anything before its first event.
      expect(backend === 'mercure()' || reader.count('open') === 0).toBe(true)
    })
  })

  describe('the hub is no other backend’s: `nchan()` is named', () => {
    test.for(rows.filter(([backend]) => backend !== 'nchan()'))(
      '%s by %s',
      async ([backend, name], { serve, read }) => {
        const server = await serve()
        const warnings = watched()
        await server.publish('a', [{ data: 'one' }])
        const reader = read(row(name), `${server.url}a`, warning(BACKENDS[backend]()))
        await triedTwice(reader)
        expect(warnings()).toEqual([expect.stringContaining('Use nchan().')])
        expect([reader.data, reader.count('open')]).toEqual([[], 0])
      },
    )
  })
}
