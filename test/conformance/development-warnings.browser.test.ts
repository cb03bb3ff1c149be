import { expect, onTestFinished, vi } from 'vitest'
import { sse, webSocket } from 'pinia-push/observables'
import { test } from './fixtures.ts'

const text = { 'content-type': 'text/event-stream' }

/** What the console is warned of while a channel tries. */
function watched() {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  return () => warn.mock.calls.map(([sentence]) => String(sentence)).filter((said) => said.startsWith('[pinia-push]'))
}

test('a page is warned that CORS is missing, with the header that would mend it', async ({ script, read }) => {
  const server = await script()
  await server.answers([{ headers: { ...text, 'access-control-allow-origin': 'https://other.example' } }])
  const warnings = watched()
  const reader = read({ technique: () => sse() }, `${server.url}a`, { warnings: true })
  await reader.sees('reconnecting')
  await reader.sees('reconnecting', ({ attempt }) => attempt === 2)
  expect(warnings()).toEqual([expect.stringContaining(`Access-Control-Allow-Origin: ${location.origin}`)])
})

test('a page is warned of HTML in the place of events', async ({ script, read }) => {
  const server = await script()
  await server.answers([{ headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>App</title>' }])
  const warnings = watched()
  const reader = read({ technique: () => sse() }, `${server.url}a`, { warnings: true })
  await reader.sees('reconnecting', ({ attempt }) => attempt === 2)
  expect(warnings()).toEqual([expect.stringMatching(/text\/html.*expected.*event-stream/)])
})

test('a page is warned of a refused WebSocket, with its URL', async ({ script, read }) => {
  const server = await script()
  const warnings = watched()
  const url = `${server.url.replace('http', 'ws')}a`
  const reader = read({ technique: () => webSocket() }, url, { warnings: true })
  await reader.sees('reconnecting', ({ attempt }) => attempt === 2)
  expect(warnings()).toEqual([expect.stringContaining(url)])
})
