import { expect, onTestFinished, vi } from 'vitest'
import { sse, webSocket } from 'pinia-push/observables'
import { test } from './fixtures.ts'

const text = { 'content-type': 'text/event-stream' }

/** Returns the warnings of this library on the console so far. */
function spyOnWarnings() {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  return () => warn.mock.calls.map(([sentence]) => String(sentence)).filter((text) => text.startsWith('[pinia-push]'))
}

test('warns of a missing CORS header, with the header to send', async ({ script, read }) => {
  const server = await script()
  await server.respond([{ headers: { ...text, 'access-control-allow-origin': 'https://other.example' } }])
  const warnings = spyOnWarnings()
  const reader = read({ technique: () => sse() }, `${server.url}a`, { warnings: true })
  await reader.sees('reconnecting')
  await reader.sees('reconnecting', ({ attempt }) => attempt === 2)
  expect(warnings()).toEqual([expect.stringContaining(`Access-Control-Allow-Origin: ${location.origin}`)])
})

test('warns of HTML instead of events', async ({ script, read }) => {
  const server = await script()
  await server.respond([{ headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>App</title>' }])
  const warnings = spyOnWarnings()
  const reader = read({ technique: () => sse() }, `${server.url}a`, { warnings: true })
  await reader.sees('reconnecting', ({ attempt }) => attempt === 2)
  expect(warnings()).toEqual([expect.stringMatching(/text\/html.*expected.*event-stream/)])
})

test('warns of a rejected WebSocket, with its URL', async ({ script, read }) => {
  const server = await script()
  const warnings = spyOnWarnings()
  const url = `${server.url.replace('http', 'ws')}a`
  const reader = read({ technique: () => webSocket() }, url, { warnings: true })
  await reader.sees('reconnecting', ({ attempt }) => attempt === 2)
  expect(warnings()).toEqual([expect.stringContaining(url)])
})
