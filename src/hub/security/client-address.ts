import type { IncomingMessage } from 'node:http'
import { BlockList, SocketAddress, isIP } from 'node:net'
import { HubError } from '../errors.ts'

export interface ProxyOptions {
  /**
   * Addresses or CIDR blocks of the proxies before the hub. Only their requests may set the client's address, with the
   * rightmost untrusted address of `X-Forwarded-For`, and the scheme, with `X-Forwarded-Proto`.
   * @default []
   * @example trustedProxies: ['127.0.0.1', '10.0.0.0/8']
   */
  trustedProxies?: readonly string[]
}

/** The address and the scheme by which a client reached the hub. */
export interface Arrival {
  /** The client's address. An IPv4 address that is mapped into IPv6 is converted to IPv4. */
  readonly address: string
  readonly scheme: 'http' | 'https'
}

/** Creates a check whether an address belongs to a trusted proxy. @throws HubError `invalid-option` */
export function trustOf(trustedProxies: readonly string[]): (address: string) => boolean {
  const trusted = new BlockList()
  for (const entry of trustedProxies) trust(trusted, entry)
  return (address) => isIP(address) > 0 && trusted.check(address, familyOf(address))
}

/** Creates a function that finds how a client reached the hub. */
export function createArrivals(isTrusted: (address: string) => boolean): (request: IncomingMessage) => Arrival {
  return ({ socket, headers }) => {
    const peer = peerAddress(socket.remoteAddress)
    const own = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
    if (!isTrusted(peer)) return { address: peer, scheme: own }
    let address = peer
    // Each proxy appends its client's address, so only addresses after the last untrusted one can be trusted.
    for (const hop of list(headers['x-forwarded-for']).toReversed()) {
      const next = canonicalAddress(withoutPort(hop))
      if (next === undefined) break
      address = next
      if (!isTrusted(address)) break
    }
    const forwarded = list(headers['x-forwarded-proto']).at(-1)?.toLowerCase() ?? ''
    return { address, scheme: SCHEMES.get(forwarded) ?? own }
  }
}

/** Some proxies send the schemes of WebSockets. */
const SCHEMES: ReadonlyMap<string, Arrival['scheme']> = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['ws', 'http'],
  ['wss', 'https'],
])

/** Returns the address of a socket's peer. Empty: it has none, because it is a Unix socket. */
export const peerAddress = (address: string | undefined): string => canonicalAddress(address ?? '') ?? ''

/** Returns the key by which limits count an address: for IPv6 its /64, because one customer has all of it. */
export function limitKey(address: string): string {
  const canonical = canonicalAddress(address)
  if (canonical === undefined || isIP(canonical) === 4) return canonical ?? address
  const [before = [], after = []] = canonical.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`
}

/** Normalizes an address. Undefined: the text is not an address. */
function canonicalAddress(text: string): string | undefined {
  const [address = ''] = text.split('%', 1)
  if (isIP(address) === 4) return address
  if (isIP(address) === 0) return undefined
  const { address: normalized } = new SocketAddress({ address, family: 'ipv6' })
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(normalized)?.[1] ?? normalized
}

function trust(trusted: BlockList, entry: string): void {
  const [text = '', prefix, ...more] = String(entry).split('/')
  const address = canonicalAddress(text)
  const bits = address === undefined || isIP(address) === 4 ? 32 : 128
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (address === undefined || more.length > 0 || !(length <= bits))
    throw new HubError(
      'invalid-option',
      `Invalid \`trustedProxies\`: ${JSON.stringify(entry)} is not an address or a CIDR block. Write it as 10.0.0.1 or 10.0.0.0/8.`,
    )
  trusted.addSubnet(address, length, familyOf(address))
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')

const list = (header: string | readonly string[] | undefined): string[] =>
  String(header ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

const withoutPort = (hop: string): string =>
  hop.replace(/^\[([^\]]*)\](:\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
