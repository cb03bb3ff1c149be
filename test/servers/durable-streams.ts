import { DurableStreamTestServer } from '@durable-streams/server'
import { createFaultProxy, type FaultProxy } from './fault-proxy.ts'

/** The Durable Streams project's own server, in memory, behind a fault proxy. */
export interface DurableStreamsServer {
  /** Where streams are, through the fault proxy. */
  url: string
  proxy: FaultProxy
  /** Makes a stream; the type says whether it has messages. */
  create(stream: string, type?: string): Promise<void>
  /** Appends each by itself. */
  append(stream: string, bodies: readonly string[], type?: string): Promise<void>
  /** Appends messages, as JSON texts, all at once. */
  appendBatch(stream: string, messages: readonly string[]): Promise<void>
  /** Appends nothing, or one last message, and closes. */
  end(stream: string, message?: string): Promise<void>
  remove(stream: string): Promise<void>
  /** Answers the next reads of a stream so. */
  answer(stream: string, fault: { status: number; count?: number; retryAfter?: number }): void
  close(): Promise<void>
}

const JSON_TYPE = 'application/json'

export async function serveDurableStreams(
  settings: { longPollTimeout?: number; compression?: boolean } = {},
): Promise<DurableStreamsServer> {
  const server = new DurableStreamTestServer({ port: 0, host: '127.0.0.1', ...settings })
  const direct = await server.start()
  const proxy = await createFaultProxy({ port: Number(new URL(direct).port) })

  const ask = async (method: string, stream: string, type: string, body?: string, closed = false) => {
    const response = await fetch(`${direct}/${stream}`, {
      method,
      headers: { 'Content-Type': type, ...(closed && { 'Stream-Closed': 'true' }) },
      ...(body !== undefined && { body }),
    })
    const said = await response.text()
    if (!response.ok) throw new Error(`${method} ${stream}: ${response.status} ${said}`)
  }

  return {
    url: `${proxy.url}/`,
    proxy,
    create: (stream, type = JSON_TYPE) => ask('PUT', stream, type),
    async append(stream, bodies, type = JSON_TYPE) {
      for (const body of bodies) await ask('POST', stream, type, body)
    },
    appendBatch: (stream, messages) => ask('POST', stream, JSON_TYPE, `[${messages.join(',')}]`),
    end: (stream, message) => ask('POST', stream, JSON_TYPE, message, true),
    remove: (stream) => ask('DELETE', stream, JSON_TYPE),
    answer: (stream, fault) => server.injectFault(`/${stream}`, { method: 'GET', ...fault }),
    async close() {
      await proxy.close()
      await server.stop()
    },
  }
}
