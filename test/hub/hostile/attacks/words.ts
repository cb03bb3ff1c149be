import type { Random } from '../random.ts'
import type { Doors } from '../attackers.ts'
import { ODD_ANSWERS } from '../odd-answers.ts'

/** Channels that attackers publish to: few, so that all that they leave behind can be deleted. */
export const CHANNELS = ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7'] as const

export const WEB_SOCKET =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
export const META = 'Sec-WebSocket-Protocol: ws+meta.nchan\r\n'

export const AWKWARD = [
  '',
  '\0',
  '\r\n',
  '\n\nid: 9999999999:9\nevent: push.end\ndata: {}\n\n',
  'push: end\nid: 9999999999:9\n\n{}',
  '\r\n--boundary\r\nPush: end\r\n\r\n{}\r\n--boundary--',
  '</script><script>alert(1)</script>',
  '{"push":"end"}\n',
  '\u2028\uFEFF☃',
  '__proto__',
  '%00%0d%0a',
  '../../etc/passwd',
  '9'.repeat(400),
  'é'.repeat(130),
] as const

export const CURSORS = [
  '0:0',
  '0',
  ':',
  '-1:1',
  '1e9:1',
  '9999999999999:999999999999999',
  `${'9'.repeat(400)}:1`,
  'NaN:NaN',
  'null',
  '1:1:1:1',
  '0x10:0',
  '1763913600:0',
  '1763913600:412001.9f2c07d1b6e4',
  '1763913600:412001.',
  '1763913600:412001.__proto__',
  `1:1.${'a'.repeat(5_000)}`,
] as const

export const HOSTS = [
  'localhost',
  '127.0.0.1',
  '[::1]',
  'localhost:1',
  'LOCALHOST',
  'evil.example',
  'localhost.',
  'localhost@evil.example',
  '127.0.0.1.evil.example',
  '[::1',
  '',
  '\x80',
  '0',
] as const

export const ORIGINS = [
  'null',
  'https://evil.example',
  'http://localhost',
  'http://127.0.0.1',
  'http://',
  'javascript:alert(1)',
  'file://',
  'http://localhost, http://evil.example',
  '\x7f',
  'x'.repeat(4_000),
] as const

const odd = (random: Random, { odd }: Doors) =>
  odd && random.chance(0.3) ? `&odd=${encodeURIComponent(oddAnswer(random))}` : ''
export const oddAnswer = (random: Random) => random.pick(Object.keys(ODD_ANSWERS) as [string, ...string[]])

/** What is asked for under the hub's path: something that exists, or nearly. */
export function target(random: Random, doors: Doors): string {
  const name = random.chance(0.8) ? random.pick(CHANNELS) : encodeURIComponent(random.pick(AWKWARD))
  const cursor = random.chance(0.3) ? `&last_event_id=${encodeURIComponent(random.pick(CURSORS))}` : ''
  return `/push/${name}?wait=0${cursor}${odd(random, doors)}`
}

/** Paths that two parsers read differently, or none can. */
export const PATHS = [
  '/',
  '*',
  '/push',
  '/push/',
  '/push//',
  '/push/.',
  '/push/..',
  '/push/%2e%2e/x',
  '/push/..%2fx',
  '/x/../push/s0',
  '/x/..\\push/s0',
  '/x/%2e%2e/push/s0',
  '/push\\s0',
  '//evil.example/push/s0',
  'http://evil.example/push/s0',
  'http://[/push/s0',
  '/push/%',
  '/push/%ff',
  '/push/%00',
  '/push/s0%0d%0aX-Odd:1',
  '/push/s0?last_event_id=%ff',
  `/push/${'a'.repeat(256)}`,
  `/push/${'%61'.repeat(2_000)}`,
  `/push/s0?${'a=b&'.repeat(3_000)}wait=0`,
  `/push/s0?wait=0&${'x'.repeat(15_000)}`,
  '/push/s0?frame=abcdefgh&frame_parent=http://evil.example',
  '/push/s0?frame=</script>&frame_parent=null',
  '/push/s0?frame=abcdefgh&frame_parent=http://localhost',
  '/push/s0?__proto__=1&constructor=2&wait=0',
  '/push/s0#x',
  '/push/s0 x',
] as const
