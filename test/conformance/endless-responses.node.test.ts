import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { describe, expect, onTestFinished } from 'vitest'
import { backoff, fetchStream, longPolling, standard, polling, sse } from 'pinia-push/observables'
import { test } from './fixtures.ts'

const ZEROS = Buffer.alloc(65_536, 48)

/** Starts a server whose bodies do not end. `read` returns how many are still read. */
async function endless(type: string, compressed: boolean) {
  let [opened, closed] = [0, 0]
  const server = createServer((_, response) => {
    opened += 1
    response.on('close', () => (closed += 1))
    response.writeHead(200, { 'content-type': type, etag: '"1"', ...(compressed && { 'content-encoding': 'gzip' }) })
    const body = Readable.from(
      (function* () {
        for (;;) yield ZEROS
      })(),
    )
    const sent = compressed ? body.pipe(createGzip()) : body
    sent.pipe(response)
    response.on('close', () => {
      body.destroy()
      sent.destroy()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`, read: () => opened - closed }
}

describe('an endless response is aborted while it arrives', () => {
  const techniques = [
    ['polling', polling(), 'text/plain'],
    ['longPolling', longPolling(), 'text/plain'],
    ['sse', sse(), 'text/event-stream'],
    ['fetchStream', fetchStream(), 'application/x-ndjson'],
  ] as const
  const encodings = [
    ['uncompressed', false],
    ['compressed to a thousandth', true],
  ] as const
  const rows = techniques.flatMap(([name, via, type]) =>
    encodings.map(([encoding, compressed]) => [name, encoding, via, type, compressed] as const),
  )

  test.for(rows)('%s: %s', async ([, , via, type, compressed], { read }) => {
    const { url, read: reading } = await endless(type, compressed)
    const retry = Object.assign(backoff(), { nextDelay: () => 1e9 })
    const reader = read({ technique: () => via }, url, { backend: standard(), maxMessageBytes: 100_000, retry })
    expect((await reader.sees('reconnecting')).error.code).toBe('message-too-large')
    await expect.poll(reading).toBe(0)
  })
})
