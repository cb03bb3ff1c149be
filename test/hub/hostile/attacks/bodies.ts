import { closed, sendAndEnd, write, type Attack } from '../attackers.ts'
import { CHANNELS } from './words.ts'

/** Bodies that stop, are longer or shorter than announced, or have invalid chunks. */
export const badBody: Attack = async (random, attackers) => {
  const socket = attackers.open(random, attackers.doors.port)
  const chunked = random.chance(0.5)
  const size = random.pick([0, 1, 100, 60_000, 2_097_152, 2_097_153, 1e12])
  const length = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`
  const expect = random.chance(0.1) ? 'Expect: 100-continue\r\n' : ''
  await write(socket, `POST /push/${random.pick(CHANNELS)} HTTP/1.1\r\nHost: localhost\r\n${expect}${length}\r\n\r\n`)
  const sent = 'x'.repeat(Math.min(size, random.pick([0, 1, 99, 60_000])))
  const bytes = chunked
    ? random.pick([
        `${sent.length.toString(16)}\r\n${sent}`,
        `${sent.length.toString(16)}\r\n${sent}\r\n0`,
        'zz\r\n',
        `1\r\n${sent}`,
        '0\r\nX: y',
      ])
    : sent + (random.chance(0.3) ? 'and more than was said\r\n\r\n' : '')
  const end = random.below(3)
  if (end === 0) return sendAndEnd(socket, bytes)
  await write(socket, bytes)
  if (end === 1) return attackers.keep(socket, 'bodies that stop', 300)
  socket.resetAndDestroy()
  await closed(socket)
}
