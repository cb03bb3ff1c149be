import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where a client is that is not on 127.0.0.1. */
export interface Place {
  name: string
  /** Its address, as the server should see it. */
  address: string
  /** Where the server has to listen for it, as nginx spells it. */
  listen: string
  connect(port: number): Socket
  close(): void
}

// They do not outlive the process that made them.
const namespaces = new Set<() => void>()
process.once('exit', () => namespaces.forEach((remove) => remove()))

/** Another address of this machine. */
export const local = (address: string): Place => ({
  name: address,
  address,
  listen: '127.0.0.1',
  connect: (port) => connect({ port, host: '127.0.0.1', localAddress: address }),
  close: () => {},
})

/** This machine by IPv6. */
export function ipv6(): Place {
  const addresses = Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address))
  if (!addresses.includes('::1'))
    throw new Error(
      'This machine has no ::1, and what is deployed listens there: sysctl net.ipv6.conf.lo.disable_ipv6=0',
    )
  return {
    name: 'IPv6',
    address: '::1',
    listen: '[::1]',
    connect: (port) => connect({ port, host: '::1' }),
    close: () => {},
  }
}

/** Runs in the namespace: passes on what comes by a file to the port that the first line says. */
const RELAY = `const { connect, createServer } = require('node:net')
const [path, host] = process.argv.slice(1)
createServer((from) => from.once('readable', () => {
  let port = ''
  for (let byte; (byte = String(from.read(1))) !== '\\n'; ) port += byte
  const to = connect(Number(port), host)
  to.on('error', () => from.destroy()).on('close', () => from.destroy())
  from.on('error', () => to.destroy()).on('close', () => to.destroy())
  from.pipe(to).pipe(from)
})).listen(path, () => console.log('ready'))`

/**
 * Another machine: a network namespace and a link to it. Where the system does not permit one (it takes root), that is
 * printed, and another address of this machine is taken.
 */
export async function anotherMachine(): Promise<Place> {
  // Of the range for tests of network devices (RFC 2544), four addresses for each process.
  const part = (process.pid % 16_384) * 4
  const [ours, theirs] = [1, 2].map((n) => `198.18.${part >> 8}.${(part & 255) + n}`)
  const [namespace, link, peer] = ['n', 'a', 'b'].map((end) => `push${process.pid}${end}`)
  if (!ours || !theirs || !namespace || !link || !peer) throw new Error('two addresses, three names')
  const ip = (command: string) => execFileSync('ip', command.split(' '), { stdio: 'pipe' })
  try {
    ip(`netns add ${namespace}`)
  } catch (error) {
    console.log(`Not from a network namespace, but from 127.0.0.2: ${String(error).trim()}`)
    return { ...local('127.0.0.2'), name: 'another machine' }
  }
  // Its end of the link goes with it, and the link with its end.
  const remove = () => void ip(`netns delete ${namespace}`)
  namespaces.add(remove)
  ip(`link add ${link} type veth peer name ${peer} netns ${namespace}`)
  ip(`address add ${ours}/30 dev ${link}`)
  ip(`link set ${link} up`)
  ip(`-n ${namespace} address add ${theirs}/30 dev ${peer}`)
  ip(`-n ${namespace} link set ${peer} up`)
  const directory = mkdtempSync(join(tmpdir(), 'relay-'))
  const path = join(directory, 'socket')
  const relay = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', RELAY, path, ours], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(relay.stdout, 'data')
  return {
    name: 'another machine',
    address: theirs,
    listen: ours,
    connect(port) {
      const socket = connect(path)
      socket.write(`${port}\n`)
      return socket
    },
    close() {
      relay.kill()
      namespaces.delete(remove)
      remove()
      rmSync(directory, { recursive: true })
    },
  }
}
