import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Simulates a stopped hub on the page's own origin: it closes all its connections. */
export function stoppable() {
  const open = new Set<Duplex>()
  let stopped = false
  const ours = ({ url = '' }: IncomingMessage) => /^\/(push\/|board$)/.test(url)
  const passUpgrade = (request: IncomingMessage, socket: Duplex) => {
    if (!ours(request)) return
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    if (stopped) socket.destroy()
  }
  return {
    pass(request: IncomingMessage, _: ServerResponse, next: () => void) {
      if (stopped && ours(request)) request.socket.destroy()
      else next()
    },
    passUpgrade,
    stop() {
      stopped = true
      for (const socket of open) socket.destroy()
    },
    start: () => void (stopped = false),
  }
}
