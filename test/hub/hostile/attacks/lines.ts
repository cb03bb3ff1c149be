import { happens, sendAndEnd, write, type Attack } from '../attackers.ts'
import { AWKWARD, CHANNELS, CURSORS, PATHS, oddAnswer } from './words.ts'

const VALUES = [
  null,
  true,
  0,
  -1e308,
  '',
  'x',
  [],
  [[[]]],
  {},
  { subscribe: {} },
  { toString: 1 },
  { text: null },
] as const
const LINES = [
  'null',
  'true',
  '1e400',
  '"subscribe"',
  '[]',
  '{}',
  '{"subscribe":null}',
  '{"subscribe":["./s0"]}',
  '{"subscribe":{"toString":1}}',
  '{"subscribe":""}',
  '{"subscribe":"./s0","subscribe":"./s1"}',
  '{"__proto__":{"subscribe":"./s0"}}',
  '{"constructor":{"prototype":{"text":"x"}}}',
  '{"subscribe":"./s0"',
  "{'subscribe':'./s0'}",
  '\uFEFF{"subscribe":"./s0"}',
  '{"subscribe":"./s0\\u0000\\ud800"}',
  `${'['.repeat(8_000)}`,
  `{"a":${'{"a":'.repeat(2_000)}`,
  'GET /push/s0 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  '',
  '\r',
] as const
const SENT = [
  { text: 'x' },
  { text: '\n\r\u2028\0' },
  { text: { toString: 1 } },
  { text: 'x', base64: 'eA==' },
  { base64: '====' },
  { base64: '☃☃☃' },
  { base64: 'x'.repeat(4_000_000) },
  { text: 'x'.repeat(2_097_153) },
  { subscribe: './s1' },
  { push: 'end' },
  ...VALUES,
] as const

/** Lines of every kind, with a subscription or without. */
export const badLines: Attack = async (random, attackers) => {
  const { tcpPort, odd } = attackers.doors
  const path = random.chance(0.6)
    ? random.pick(CHANNELS)
    : random.chance(0.5)
      ? encodeURIComponent(random.pick(AWKWARD))
      : random.pick(PATHS)
  const cursor = random.chance(0.3) ? `&last_event_id=${random.pick(CURSORS)}` : ''
  const query = odd && random.chance(0.4) ? `&odd=${encodeURIComponent(oddAnswer(random))}` : ''
  const first = random.chance(0.5)
    ? JSON.stringify({ subscribe: `${random.pick(['./', '', '/push/', '../', '//'])}${path}?x=1${cursor}${query}` })
    : random.pick(LINES)
  const socket = attackers.open(random, tcpPort)
  if (random.chance(0.05)) {
    // A line without end.
    await sendAndEnd(socket, 'x'.repeat(20_000))
    return
  }
  const lines = [first, ...random.some(SENT, 4).map((value) => JSON.stringify(value)), ...random.some(LINES, 2)]
  if (random.chance(0.5)) {
    await write(socket, `${first}\n`)
    if (query === '') await happens(socket, 'data')
    lines.shift()
  }
  await sendAndEnd(socket, `${lines.join('\n')}\n`)
}
