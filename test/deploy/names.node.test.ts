import fc from 'fast-check'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guards } from '../servers/guard.ts'
import { nchanPublisher } from '../servers/nchan-publisher.ts'
import { plain } from '../servers/nginx-config.ts'
import { startNginx, type Nginx } from '../servers/nginx.ts'
import { exchange, request } from './raw.ts'

let nginx: Nginx
let asked: string[] = []
beforeAll(async () => {
  nginx = await startNginx({
    guard: guards(({ channel }) => asked.push(channel) > 0).start,
    // A property asks more often than a page.
    changes: (port) => [plain(port), ['push/limits.conf', 'rate=200r/s', 'rate=100000r/s']],
  })
})
afterAll(() => nginx.stop())

/** Polls a target as it stands. */
async function poll(target: string) {
  asked = []
  const [reply] = await exchange(connect(nginx.port, '127.0.0.1'), request(`GET ${target}`, 'Connection: close'))
  return { status: reply?.status, asked, body: reply?.body }
}

const NAMES = ['a', 'A', 'a.b-c_d', '...', '.a', 'a.', '0', 'x'.repeat(255), 'push', 'channels', 'status', 'guard']

/** What is not a channel's name, byte for byte, and the status that it is answered. */
const OTHERS: Record<string, number> = {
  '/push/a%0a': 400,
  '/push/a%0d%0aX-Address:%201.2.3.4': 400,
  '/push/%61': 400,
  '/push/%2561': 400,
  '/push/a%2fb': 400,
  '/push/a%2f..%2fb': 400,
  '/push/a%00': 400,
  '/push/\0': 400,
  '/push/a/b': 400,
  '/push/a/': 400,
  '/push/a/../b': 400,
  '/push/./a': 400,
  '//push/a': 400,
  '/push//a': 400,
  '/./push/a': 400,
  '/x/../push/a': 400,
  '/x/%2e%2e/push/a': 400,
  '/push/%2e%2e/push/a': 400,
  '/%70ush/a': 400,
  '/push/a;b': 400,
  '/push/a#b': 400,
  '/push/a?b#c': 400,
  '/push/a%23': 400,
  '/push/a%3Fwait=0': 400,
  '/push/a,b': 400,
  '/push/a%20': 400,
  '/push/\\a': 400,
  '/push/..\\a': 400,
  '/push/\xe9': 400,
  '/push/%e9': 400,
  '/push/\xc3\xa9': 400,
  '/push/': 400,
  [`/push/${'x'.repeat(256)}`]: 400,
  [`/push/${'x'.repeat(2_000)}`]: 400,
  '/push': 404,
  '/PUSH/a': 404,
  '/Push/a': 404,
  '/push\\a': 404,
  '/push;/a': 404,
  '/push/../channels/a': 404,
  '/push/%2e%2e/channels/a': 404,
  '/push/..%2fchannels/a': 404,
  '/push/../status': 404,
  '/channels/a': 404,
  '/status': 404,
  '/guard': 404,
  '/%67uard': 404,
  '/push/../guard': 404,
  '/wait/push/a': 404,
  '/poll/push/a': 404,
  '/frame/push/a': 404,
  '/preflight/push/a': 404,
  '/push/..//wait/push/a': 404,
  '/wait%2fpush/a': 404,
  '/push/../../push/a': 400,
  '*': 400,
  'push/a': 400,
  'http://127.0.0.1/channels/a': 404,
  'http://push.test/push/../push/a': 400,
}

const PIECES = ['/', '//', '/push/', 'push', 'a', 'b', '.', '..', '%2f', '%2F', '%2e', '%2E', '%5c', '\\', ';', '%00']
const MORE = [
  '%0a',
  '%25',
  '%',
  '#',
  '%61',
  'channels',
  'status',
  'guard',
  'wait',
  'poll',
  'frame',
  '\xff',
  '?',
  '&',
  '@',
]

describe('the name of a channel', () => {
  test.each(NAMES)('%s is the name that authorize receives, and the channel that is read', async (name) => {
    const { publish } = nchanPublisher(() => `http://127.0.0.1:${nginx.publisherPort}/channels/`)
    await publish(name, { data: `to ${name}` })
    expect(await poll(`/push/${name}?wait=0`)).toEqual({ status: 200, asked: [name], body: `to ${name}` })
    expect(await poll(`http://push.test/push/${name}?wait=0`)).toEqual({
      status: 200,
      asked: [name],
      body: `to ${name}`,
    })
  })

  test.each(Object.entries(OTHERS))('%s is not a name: %i, without a call of authorize', async (target, status) => {
    const [path = '', query = 'wait=0'] = target.split('?')
    const whole = target.includes('#') ? target : `${path}?${query}`
    expect(await poll(whole)).toMatchObject({ status, asked: [] })
  })

  test('has one spelling: any other path is rejected', async () => {
    const path = fc.array(fc.constantFrom(...PIECES, ...MORE), { maxLength: 8 }).map((parts) => `/${parts.join('')}`)
    await fc.assert(
      fc.asyncProperty(path, async (target) => {
        const { status = 0, asked: names } = await poll(`${target}${target.includes('?') ? '&' : '?'}wait=0`)
        const name = /^\/push\/([\w.-]+)(\?[^#]*)?$/.exec(target)?.[1]
        const reached = status < 400
        expect({ status, reached, names }).toEqual(
          name === undefined || name === '.' || name === '..'
            ? { status, reached: false, names: [] }
            : { status, reached: true, names: [name] },
        )
      }),
      { numRuns: 300 },
    )
  })
})
