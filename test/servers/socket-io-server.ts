import { createServer, type Server as HttpServer } from 'node:http'
import { Server, type Socket } from 'socket.io'
import type { Backend } from './backend.ts'
import { listenAt } from './listening.ts'
import type { Publication } from './control-client.ts'

type Reply = (reply: unknown) => void

/** The official server, with rooms and without, and with connection state recovery or without. */
export const startSocketIo = (recovery: boolean) => async (): Promise<Backend> => {
  let requests = 0
  let server: HttpServer
  let io: Server

  const connected = (socket: Socket) => {
    socket.on('join', (room: string, reply: Reply) => {
      if (room.startsWith('denied')) return reply({ error: 'not a member' })
      void socket.join(room)
      reply({})
    })
    socket.on('leave', (room: string) => void socket.leave(room))
    socket.on('say', (room: string, data: unknown, reply?: Reply) => {
      if (data === 'denied') return reply?.({ error: 'not allowed' })
      io.to(room).emit('said', room, data)
      reply?.({ accepted: data })
    })
    socket.onAny((event: string, ...args: unknown[]) => {
      const reply = args.at(-1)
      if (['join', 'leave', 'say'].includes(event)) return
      io.emit(event, args[0])
      if (typeof reply === 'function') reply('published')
    })
  }
  const start = async (port: number) => {
    server = createServer()
    io = new Server(server, { cors: { origin: '*' }, ...(recovery && { connectionStateRecovery: {} }) })
    io.engine.on('connection', () => (requests += 1))
    const authorize = (socket: Socket, next: (error?: Error) => void) =>
      next(socket.handshake.auth['token'] === 'revoked' ? new Error('not authorized') : undefined)
    for (const name of ['/', '/admin']) io.of(name).use(authorize).on('connection', connected)
    return listenAt(server, port)
  }
  const content = ({ data = '', base64 }: Publication) => (base64 === undefined ? data : Buffer.from(base64, 'base64'))

  const port = await start(0)
  return {
    port,
    path: '/',
    publish(channel, message) {
      const [, room] = /^room:(.*)/.exec(channel) ?? []
      if (room === undefined) io.emit(channel, content(message))
      else io.to(room).emit('said', room, content(message))
    },
    end: () => void io.disconnectSockets(),
    async restart() {
      await io.close()
      await start(port)
    },
    stats: () => Promise.resolve({ requests, subscribers: io.engine.clientsCount }),
    close: () => io.close(),
  }
}
