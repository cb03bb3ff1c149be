import { DurableStreamTestServer } from '@durable-streams/server'
import { writingTo, type StreamWriter } from './durable-streams-client.ts'
import { createFaultProxy, type FaultProxy } from './fault-proxy.ts'

/** The Durable Streams project's own server, in memory, behind a fault proxy. */
export interface DurableStreamsServer extends StreamWriter {
  /** Where streams are, through the fault proxy. */
  url: string
  /** Where streams are, without it. */
  directUrl: string
  proxy: FaultProxy
  /** Answers the next reads of a stream so. */
  answer(stream: string, fault: { status: number; count?: number; retryAfter?: number }): void
  close(): Promise<void>
}

export async function serveDurableStreams(
  settings: { longPollTimeout?: number; compression?: boolean } = {},
): Promise<DurableStreamsServer> {
  const server = new DurableStreamTestServer({ port: 0, host: '127.0.0.1', ...settings })
  const direct = await server.start()
  const proxy = await createFaultProxy({ port: Number(new URL(direct).port) })

  return {
    url: `${proxy.url}/`,
    proxy,
    directUrl: `${direct}/`,
    ...writingTo(`${direct}/`),
    answer: (stream, fault) => server.injectFault(`/${stream}`, { method: 'GET', ...fault }),
    async close() {
      await proxy.close()
      await server.stop()
    },
  }
}
