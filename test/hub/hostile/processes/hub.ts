import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createHub, type AuthorizeAnswer } from '../../../../src/hub/index.ts'
import { ODD_ANSWERS } from '../odd-answers.ts'

/** A hub as an application runs it: `listen`, or mounted in the application's own server. Arguments: how, and its tunnels. */
const [how, tunnels = '{}'] = process.argv.slice(2)

const hub = createHub({
  authorize({ query }) {
    const odd = ODD_ANSWERS[query.get('odd') ?? '']
    return odd ? (odd() as AuthorizeAnswer) : true
  },
  tunnels: JSON.parse(tunnels),
  history: { count: 100_000 },
  heartbeat: 2_000,
})

async function mounted() {
  const server = createServer((request, response) => {
    if (!hub.handle(request, response)) response.end('the application')
  })
  // Nothing more: the hub cannot know what an application does with the socket before.
  server.on('upgrade', (request, socket, head) => {
    if (!hub.upgrade(request, socket, head)) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve))
  const streams = createHttp2Server((request, response) => {
    if (!hub.handle(request as never, response as never)) response.end('the application')
  })
  // Node 20 keeps sockets whose client resets a stream while it is answered, until they time out.
  streams.on('session', (session) => session.setTimeout(5_000, () => session.destroy()))
  await new Promise<void>((resolve) => streams.listen(0, '127.0.0.1', 4_096, resolve))
  console.log(`HTTP/2: port ${(streams.address() as AddressInfo).port}`)
  const { port: tcpPort } = await hub.listenTcp()
  return { port: (server.address() as AddressInfo).port, tcpPort }
}

const { port, tcpPort } = how === 'mounted' ? await mounted() : await hub.listen({ tcp: {} })
console.log(`hub on http://127.0.0.1:${port}/push/, lines over TCP: port ${tcpPort}`)
