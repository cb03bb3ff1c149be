import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { ONLY, attackOf } from '../attacks/index.ts'
import { createRandom } from '../random.ts'
import { createAttackers, type Doors } from '../attackers.ts'
import { obey } from '../../../servers/remote.ts'

/** At one time; those that are kept open come on top. */
const AT_ONCE = 48

/** Servers that tunnels lead to, and that do what servers do on a bad day. */
const TARGETS: Readonly<Record<string, (socket: Socket) => void>> = {
  '/resets': (socket) => socket.resetAndDestroy(),
  '/resets-later': (socket) => socket.once('data', () => socket.resetAndDestroy()).write('hello'),
  '/ends': (socket) => socket.end(),
  '/is-silent': (socket) => socket.resume(),
  '/never-reads': (socket) => socket.pause(),
  '/floods': (socket) => socket.resume().end(Buffer.alloc(500_000)),
  '/echoes': (socket) => void socket.pipe(socket),
}

let attackers = createAttackers({ port: 0, tcpPort: 0, odd: false, tunnels: [] })
let first = 0
let next = 0

const orders = {
  /** Starts what tunnels lead to; where each leads comes back. */
  async targets() {
    const tunnels: Record<string, { host: string; port: number }> = {}
    for (const [path, act] of Object.entries(TARGETS)) {
      const server = createServer((socket) => act(socket.on('error', () => {}))).listen(0, '127.0.0.1')
      await once(server, 'listening')
      tunnels[path] = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
    }
    // Nothing listens there.
    tunnels['/absent'] = { host: '127.0.0.1', port: 1 }
    return tunnels
  },
  /** From now on attacks this hub. The seed selects the actions. */
  begin(doors: Doors, seed: number) {
    attackers = createAttackers(doors)
    first = seed
    next = 0
  },
  /** Does so many hostile actions, or a few more; how many there were of each comes back. */
  async attack(actions: number, only?: keyof typeof ONLY) {
    const counts: Record<string, number> = {}
    let done = 0
    const act = async () => {
      while (done < actions) {
        const random = createRandom(first + next)
        next += 1
        done += 1
        const attack = only ? ONLY[only] : attackOf(random, attackers.doors)
        const count = (await attack(random, attackers)) ?? 1
        done += count - 1
        counts[attack.name] = (counts[attack.name] ?? 0) + count
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, act))
    return counts
  },
  /** Resets all that is still open. */
  leave: () => attackers.leave(),
}
export type AttackersOrders = typeof orders

obey(orders)
