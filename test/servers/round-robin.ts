import net from 'node:net'

/** A TCP proxy that leads each new connection to the next of its targets. */
export interface RoundRobin {
  readonly port: number
  /** Cuts every open connection, now. */
  drop(): void
  close(): Promise<void>
}

export async function roundRobin(ports: readonly number[]): Promise<RoundRobin> {
  const clients = new Set<net.Socket>()
  let turn = 0
  const server = net.createServer((client) => {
    const target = net.connect(ports[turn % ports.length] ?? 0, '127.0.0.1')
    turn += 1
    clients.add(client)
    client.pipe(target).pipe(client)
    client.on('error', () => target.destroy())
    target.on('error', () => client.destroy())
    client.on('close', () => {
      clients.delete(client)
      target.destroy()
    })
    target.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const drop = () => {
    for (const client of clients) client.destroy()
  }
  return {
    port: (server.address() as net.AddressInfo).port,
    drop,
    close() {
      drop()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}
