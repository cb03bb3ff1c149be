import { connect, constants, type ClientHttp2Session } from 'node:http2'
import { closed, happens, type Attack } from '../attackers.ts'
import { HOSTS, ORIGINS, target } from './words.ts'

const CODES = [constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_INTERNAL_ERROR] as const

/** Many streams of one HTTP/2 connection, most of them reset at once, and the connection in the middle of them. */
export const streams: Attack = async (random, attackers) => {
  const { doors } = attackers
  const socket = attackers.open(random, doors.http2Port ?? doors.port)
  await happens(socket, 'connect')
  if (socket.destroyed) return 1
  const session = connect('http://localhost', { createConnection: () => socket }).on('error', () => {})
  const count = 1 + random.below(30)
  for (let n = 0; n < count && !session.destroyed; n += 1) {
    const stream = session
      .request({
        ':method': random.pick(['GET', 'GET', 'POST', 'DELETE', 'PUT']),
        ':path': random.chance(0.5) ? target(random, doors) : '/push/s0?x=1',
        ':authority': random.pick(HOSTS.slice(0, 6) as [string, ...string[]]),
        accept: random.pick(['text/event-stream', 'multipart/mixed', 'application/json', '*/*']),
        ...(random.chance(0.2) && { origin: random.pick(ORIGINS.slice(0, 6) as [string, ...string[]]) }),
      })
      .on('error', () => {})
      .resume()
    const end = random.below(4)
    if (end === 0) stream.end('hello')
    else if (end === 1) stream.close(random.pick(CODES))
    else if (end === 2) stream.once('response', () => stream.close(random.pick(CODES)))
    else stream.write('half')
    if (random.chance(0.1)) session.ping(() => {})
  }
  // The pong shows that the other side has read everything before the ping.
  if (random.chance(0.5)) await answerToPing(session)
  if (random.chance(0.5)) socket.resetAndDestroy()
  session.destroy()
  await closed(socket)
  return count
}

const answerToPing = (session: ClientHttp2Session) =>
  new Promise<void>((resolve) => {
    session.once('close', () => resolve())
    if (session.destroyed || !session.ping(() => resolve())) resolve()
  })
