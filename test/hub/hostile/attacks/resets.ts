import type { Random } from '../random.ts'
import { closed, happens, write, type Attack, type Doors } from '../attackers.ts'
import { maskedFrame } from './frames.ts'
import { CHANNELS, META, WEB_SOCKET, oddAnswer } from './words.ts'

/** What an honest client would send, and to which door: by each technique, from its first byte to its last. */
function conversation(random: Random, { port, tcpPort, odd, tunnels }: Doors): { to: number; bytes: Buffer } {
  const name = random.pick(CHANNELS)
  const query = odd && random.chance(0.3) ? `&odd=${encodeURIComponent(oddAnswer(random))}` : ''
  const http = (request: string, lines: string, rest: string | Buffer = '') => ({
    to: port,
    bytes: Buffer.concat([Buffer.from(`${request} HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`), Buffer.from(rest)]),
  })
  const line = `${JSON.stringify({ subscribe: `./${name}?x=1${query}` })}\n${JSON.stringify({ text: 'hello' })}\n`
  const tunnel = ['/push/', ...tunnels][random.below(1 + tunnels.length)]
  return random.pick([
    () => http(`GET /push/${name}?wait=0${query}`, ''),
    () => http(`GET /push/${name}?last_event_id=0:0${query}`, ''),
    () => http(`GET /push/${name}?last_event_id=9999999999:0${query}`, ''),
    () => http(`GET /push/${name}?x=1${query}`, 'Accept: text/event-stream\r\n'),
    () => http(`GET /push/${name}?last_event_id=0:0${query}`, 'Accept: text/event-stream\r\n'),
    () => http(`GET /push/${name}?last_event_id=0:0${query}`, 'Accept: multipart/mixed\r\n'),
    () => http(`GET /push/${name}?frame=abcdefgh&frame_parent=http://localhost${query}`, ''),
    () => http(`GET /push/${name}?x=1${query}`, 'Accept: application/json\r\n'),
    () => http(`POST /push/${name}?x=1${query}`, 'Content-Length: 500\r\n', 'x'.repeat(500)),
    () =>
      http(`POST /push/${name}?x=1${query}`, 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n'),
    () => http(`POST /push/${name}?x=1${query}`, 'Expect: 100-continue\r\nContent-Length: 5\r\n', 'hello'),
    () => http(`DELETE /push/${name}?x=1${query}`, ''),
    () =>
      http(
        `GET /push/${name}?last_event_id=0:0${query}`,
        WEB_SOCKET + META,
        Buffer.concat([maskedFrame(1, 'hello'), maskedFrame(9, ''), maskedFrame(8, '')]),
      ),
    () => http(`GET ${tunnel}?x=1${query}`, WEB_SOCKET, maskedFrame(2, line)),
    () => ({ to: tcpPort, bytes: Buffer.from(line) }),
  ])()
}

const isSilent = (bytes: Buffer) => bytes.includes('last_event_id=9999999999') || bytes.includes('Expect')

/** No attack: a client that comes, is answered, and leaves. */
export const visit: Attack = async (random, attackers) => {
  const { to, bytes } = conversation(random, { ...attackers.doors, odd: false, tunnels: [] })
  const socket = attackers.open(random, to)
  await write(socket, bytes)
  if (!isSilent(bytes)) await happens(socket, 'data')
  if (random.chance(0.5)) socket.end()
  else socket.destroy()
  await closed(socket)
}

/** Resets the connection at any moment of what an honest client would do. */
export const reset: Attack = async (random, attackers) => {
  const { to, bytes } = conversation(random, attackers.doors)
  const socket = attackers.open(random, to)
  const moment = random.below(5)
  // Before it stands, as far as the kernel goes; as soon as it stands; and in the middle of the request.
  if (moment === 1) await happens(socket, 'connect')
  if (moment >= 2)
    await write(socket, bytes.subarray(0, moment === 2 ? 1 + random.below(bytes.length - 1) : bytes.length))
  // While it is answered, or decided: some of these are never answered.
  if (moment === 4 && !bytes.includes('odd=') && !isSilent(bytes)) await happens(socket, 'data')
  if (random.chance(0.8)) socket.resetAndDestroy()
  else socket.destroy()
  await closed(socket)
}

/** A request that is written a byte at a time, and never to its end. */
export const slowWriter: Attack = async (random, attackers) => {
  const { to, bytes } = conversation(random, attackers.doors)
  const socket = attackers.open(random, to)
  const length = Math.min(bytes.length - 1, 1 + random.below(40))
  for (let at = 0; at < length; at += 1) await write(socket, bytes.subarray(at, at + 1))
  attackers.keep(socket, 'slow writers', 500)
}

/** Sends nothing. */
export const idle: Attack = async (random, attackers) => {
  const { port, tcpPort } = attackers.doors
  const socket = attackers.open(random, random.chance(0.8) ? port : tcpPort)
  await happens(socket, 'connect')
  attackers.keep(socket, 'idle', 10_000)
}

/** Asks as an honest client would, and reads nothing of the answer. */
export const neverReads: Attack = async (random, attackers) => {
  const { to, bytes } = conversation(random, attackers.doors)
  const socket = attackers.open(random, to).pause()
  await write(socket, bytes)
  attackers.keep(socket, 'never read', 300)
}

/** Ends its own side at once, and keeps the other open. */
export const halfOpen: Attack = async (random, attackers) => {
  const { to, bytes } = conversation(random, attackers.doors)
  const socket = attackers.open(random, to)
  socket.allowHalfOpen = true
  await write(socket, bytes.subarray(0, random.below(bytes.length + 1)))
  socket.end()
  attackers.keep(socket, 'half open', 500)
}
