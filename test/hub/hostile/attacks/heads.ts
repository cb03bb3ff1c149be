import { closed, sendAndEnd, type Attack } from '../attackers.ts'
import { AWKWARD, CHANNELS, CURSORS, HOSTS, META, ORIGINS, PATHS, WEB_SOCKET, target } from './words.ts'

const METHODS = [
  'GET',
  'POST',
  'DELETE',
  'PUT',
  'OPTIONS',
  'HEAD',
  'TRACE',
  'CONNECT',
  'PRI',
  'get',
  'G\0T',
  '',
] as const
const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/2.0',
  'HTTP/9.9',
  'http/1.1',
  '',
  'X',
] as const
const ENDS = ['\r\n', '\r\n', '\r\n', '\n', '\r', '\0', '\r\n \t'] as const
const LINES = [
  'Content-Length: 5',
  'Content-Length: 5\r\nContent-Length: 6',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Content-Length: 0x5',
  'Content-Length: 5\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding : chunked',
  'Expect: 100-continue',
  'Expect: the unexpected',
  'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Connection: close',
  'Connection: keep-alive, close, upgrade',
  'Sec-WebSocket-Version: 12',
  'Sec-WebSocket-Key: x',
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99',
  `${WEB_SOCKET}${META}`.trimEnd(),
  'Accept: text/event-stream',
  'Accept: multipart/mixed',
  'Accept: application/json',
  `Accept: ${'text/html;q=0.1,'.repeat(500)}`,
  'X-EventSource-Event: push.end',
  'Content-Type: application/vnd.push.end+json',
  'Content-Type: text/plain; charset=utf-16',
  'X-Forwarded-For: 127.0.0.1',
  'Forwarded: for=127.0.0.1;host=localhost;proto=https',
  'Origin: null\r\nOrigin: http://localhost',
  'Host: localhost\r\nHost: evil.example',
  'Cookie: __proto__=1; a=\x01',
  `X-Long: ${'a'.repeat(17_000)}`,
  Array.from({ length: 2_100 }, (_, n) => `X-${n}: a`).join('\r\n'),
  'No colon',
  ': no name',
  ' folded',
  'Bad Name: a',
  'X-Bare: a\rb\nc',
  'X-High: \x80\xff',
] as const
const BODIES = [
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  'FFFFFFFFFFFFFFFFF\r\nx',
  '5;ext="\r\nhello\r\n0\r\nTrailer: x\r\n\r\n',
  '-1\r\n',
  '0\r\n\r\nGET /push/s0 HTTP/1.1\r\n\r\n',
] as const

/** A head that is wrong somewhere, or anywhere. */
export const malformedHead: Attack = async (random, attackers) => {
  const { doors } = attackers
  const path = random.chance(0.3)
    ? target(random, doors)
    : random.chance(0.7)
      ? random.pick(PATHS)
      : random.pick(AWKWARD)
  const lines = [
    ...(random.chance(0.9) ? [`Host: ${random.pick(HOSTS)}`] : []),
    ...(random.chance(0.3) ? [`Origin: ${random.pick(ORIGINS)}`] : []),
    ...(random.chance(0.2) ? [`Last-Event-ID: ${random.pick(CURSORS)}`] : []),
    ...(random.chance(0.1)
      ? [`If-Modified-Since: ${random.pick(CURSORS)}\r\nIf-None-Match: ${random.pick(AWKWARD)}`]
      : []),
    ...random.some(LINES, 5),
  ]
  const end = random.pick(ENDS)
  const request = [`${random.pick(METHODS)} ${path} ${random.pick(VERSIONS)}`, ...lines, '', random.pick(BODIES)].join(
    end,
  )
  await sendAndEnd(attackers.open(random, doors.port), Buffer.from(request, random.chance(0.5) ? 'latin1' : 'utf8'))
}

const h2 = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
])
const hello = Buffer.from(
  '16030100750100007103034f7a1c0a5e8d9b3c2f1e0d4c5b6a798897a6b5c4d3e2f1001122334455667700000a1301130213031304c02f0100003e' +
    '0000000e000c0000096c6f63616c686f7374000a00040002001d000d0006000404030804002b00030203040033',
  'hex',
)
const OTHERS = [
  h2,
  hello,
  Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'),
  Buffer.from([0x04, 0x01, 0x00, 0x50, 127, 0, 0, 1, 0]),
  Buffer.from([0x05, 0x01, 0x00]),
  Buffer.from('PROXY TCP4 10.0.0.1 127.0.0.1 1 2\r\nGET /push/s0?wait=0 HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  Buffer.from('EHLO localhost\r\n'),
  Buffer.from('*1\r\n$4\r\nPING\r\n'),
  Buffer.from('\r\n'.repeat(5_000)),
  Buffer.from('<policy-file-request/>\0'),
] as const

/** Another protocol, or noise, at either door. */
export const otherProtocol: Attack = async (random, attackers) => {
  const { port, tcpPort } = attackers.doors
  const bytes = random.chance(0.7) ? random.pick(OTHERS) : random.bytes(random.below(2_000))
  await sendAndEnd(attackers.open(random, random.chance(0.7) ? port : tcpPort), bytes)
}

const PIPELINED = 20

/** Many requests in one write, each well formed and none what it should be. */
export const pipeline: Attack = async (random, attackers) => {
  const { doors } = attackers
  const one = (last: boolean) => {
    const body = random.pick(AWKWARD).slice(0, 100)
    const method = random.pick(['GET', 'GET', 'GET', 'POST', 'POST', 'OPTIONS', 'PUT', 'DELETE'])
    const path =
      method === 'DELETE'
        ? `/push/${random.pick(CHANNELS)}`
        : random.chance(0.8)
          ? target(random, doors)
          : '/push/..%2f?wait=0'
    const lines = [
      `${method} ${path} HTTP/1.1`,
      `Host: ${random.pick(HOSTS.slice(0, 8) as [string, ...string[]])}`,
      ...(random.chance(0.2) ? [`Origin: ${random.pick(ORIGINS.slice(0, 6) as [string, ...string[]])}`] : []),
      ...(random.chance(0.1) ? ['X-EventSource-Event: push.end'] : []),
      ...(method === 'GET' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
      ...(last ? ['Connection: close'] : []),
    ]
    return `${lines.join('\r\n')}\r\n\r\n${method === 'GET' ? '' : body}`
  }
  const requests = Array.from({ length: PIPELINED }, (_, n) => one(n === PIPELINED - 1))
  const socket = attackers.open(random, doors.port)
  socket.write(requests.join(''))
  // An answer that never comes holds up all that are behind it.
  if (doors.odd) socket.end()
  await closed(socket)
  return PIPELINED
}
