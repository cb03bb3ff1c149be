import { createServer, request as forward } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { fetchStream, longPolling, sse, type Technique } from 'pinia-push/observables'
import { createHubClient } from './hub-client.ts'
import { waitFor } from '../../wait-for.ts'

/** Starts a server that passes everything to a hub, and each POST twice. */
async function startRepeating(hubPort: number) {
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    const { method, url: path, headers } = request
    const pass = (body: Buffer, then: (status: number) => void) =>
      forward({ host: '127.0.0.1', port: hubPort, method, path, headers, agent: false }, (answer) => {
        if (method === 'POST') answer.resume().on('end', () => then(answer.statusCode ?? 0))
        else answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers))
        response.on('close', () => answer.destroy())
      })
        .on('error', () => response.destroy())
        .end(body)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      pass(body, () => pass(body, (status) => response.writeHead(status).end()))
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const drop = () => sockets.forEach((socket) => socket.destroy())
  onTestFinished(async () => {
    drop()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, drop }
}

test.for<[string, () => Technique]>([
  ['sse', () => sse()],
  ['fetchStream', () => fetchStream()],
  ['longPolling', () => longPolling()],
])('a session by %s repeats and loses no message where each POST arrives twice', async ([, technique]) => {
  const hub = createHub()
  const { port, close } = await hub.listen()
  onTestFinished(close)
  const { url, drop } = await startRepeating(port)
  const { channel, story, status } = createHubClient({ technique: technique(), baseUrl: url }).read('a')
  const sees = (...data: string[]) => waitFor(() => expect(story()).toEqual(data))
  await status('open')
  hub.publish('a', '1')
  await sees('1')
  drop()
  for (const data of ['2', '3']) hub.publish('a', data)
  await sees('1', '2', '3')
  await channel.send('4')
  await sees('1', '2', '3', '4')
  expect(hub.state('a')?.messages).toBe(4)
})
