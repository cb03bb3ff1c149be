import type { Random } from '../random.ts'
import { closed, happens, sendAndEnd, write, type Attack } from '../attackers.ts'
import { AWKWARD, CHANNELS, META, WEB_SOCKET } from './words.ts'

/** A WebSocket frame of a client (RFC 6455 section 5.2), or nearly. */
export function frame(
  opcode: number,
  payload: string | Uint8Array,
  { first = 0x80, masked = true, length }: { first?: number; masked?: boolean; length?: bigint } = {},
): Buffer {
  const body = Buffer.from(payload as string)
  const size = length ?? BigInt(body.length)
  const mask = masked ? 0x80 : 0
  const extended = Buffer.alloc(size < 126n ? 0 : size < 65_536n ? 2 : 8)
  if (extended.length === 2) extended.writeUInt16BE(Number(size))
  if (extended.length === 8) extended.writeBigUInt64BE(size)
  const short = extended.length === 0 ? Number(size) : extended.length === 2 ? 126 : 127
  // A mask of zeroes leaves the payload as it is.
  return Buffer.concat([Buffer.from([first | opcode, mask | short]), extended, Buffer.alloc(masked ? 4 : 0), body])
}
export const maskedFrame = (opcode: number, payload: string) => frame(opcode, payload)

const CONTINUATION = 0
const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10

const code = (number: number, reason = '') => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(number)
  return Buffer.concat([bytes, Buffer.from(reason)])
}

const FLOODS: readonly [(random: Random) => Buffer, ...((random: Random) => Buffer)[]] = [
  (random) =>
    Buffer.concat(Array.from({ length: 200 + random.below(2_000) }, () => frame(PING, 'x'.repeat(random.below(126))))),
  (random) => Buffer.concat(Array.from({ length: 200 + random.below(2_000) }, () => frame(PONG, ''))),
  // A message in pieces, pings between them, and no end.
  (random) =>
    Buffer.concat([
      frame(TEXT, 'a', { first: 0 }),
      ...Array.from({ length: 500 + random.below(2_000) }, (_, n) =>
        n % 3 === 0 ? frame(PING, '') : frame(CONTINUATION, 'x', { first: 0 }),
      ),
    ]),
  (random) => Buffer.concat(Array.from({ length: random.below(1_500) }, () => frame(TEXT, random.pick(AWKWARD)))),
  (random) => Buffer.concat(Array.from({ length: random.below(200) }, () => frame(BINARY, random.bytes(200)))),
  () => frame(CONTINUATION, 'without a beginning'),
  () => Buffer.concat([frame(TEXT, 'a', { first: 0 }), frame(TEXT, 'b')]),
  () => frame(TEXT, 'unmasked', { masked: false }),
  () => frame(TEXT, Buffer.from([0xff, 0xfe, 0xc0, 0x80])),
  () => frame(TEXT, '\ud800'),
  (random) => frame(random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), 'reserved'),
  (random) => frame(TEXT, 'reserved bits', { first: random.pick([0xc0, 0xa0, 0x90, 0xf0]) }),
  () => frame(PING, 'x'.repeat(126)),
  () => frame(PING, 'x', { first: 0 }),
  (random) => frame(TEXT, 'x', { length: random.pick([1n << 63n, (1n << 62n) - 1n, 3_000_000n, 65_535n, 126n]) }),
  (random) => frame(BINARY, Buffer.alloc(random.pick([70_000, 2_097_152, 2_097_153]))),
  (random) =>
    frame(
      CLOSE,
      code(random.pick([0, 999, 1_000, 1_004, 1_005, 1_006, 1_012, 1_015, 2_999, 3_000, 4_999, 5_000, 65_535])),
    ),
  () => frame(CLOSE, 'x'),
  () => frame(CLOSE, Buffer.concat([code(1_000), Buffer.from([0xff, 0xfe])])),
  () => frame(CLOSE, code(1_000, '☃'.repeat(41))),
  () => Buffer.concat([frame(CLOSE, code(1_000)), frame(TEXT, 'after the end'), frame(PING, '')]),
  (random) => random.bytes(random.below(2_000)),
]

/** A WebSocket as it should be, and then frames that should not. */
export const badFrames: Attack = async (random, attackers) => {
  const { port, tunnels } = attackers.doors
  const dug = random.chance(0.2)
  const path = dug
    ? (['/push/', ...tunnels][random.below(1 + tunnels.length)] ?? '/push/')
    : `/push/${random.pick(CHANNELS)}?last_event_id=0:0`
  const upgrade = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${WEB_SOCKET}${dug ? '' : META}\r\n`
  const socket = attackers.open(random, port)
  const frames = random.pick(FLOODS)(random)
  if (random.chance(0.3)) {
    // With the request, before it is answered.
    await sendAndEnd(socket, Buffer.concat([Buffer.from(upgrade), frames]))
    return
  }
  await write(socket, upgrade)
  await happens(socket, 'data')
  if (random.chance(0.1)) {
    socket.pause()
    await write(socket, frames)
    attackers.keep(socket, 'never read', 300)
  } else if (random.chance(0.5)) await sendAndEnd(socket, frames)
  else {
    await write(socket, frames)
    socket.resetAndDestroy()
    await closed(socket)
  }
}
