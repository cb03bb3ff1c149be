import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import {
  createPushClient,
  defineChannel,
  fetchStream,
  longPolling,
  nchan,
  polling,
  sse,
  webSocket,
  type PushEvent,
} from 'pinia-push/observables'
import { linesOf } from './hostile/honest.ts'
import { test, type Served } from './serve.ts'

/** How often a few attackers try something at once. */
const ROUNDS = 400
/** What the hub may keep, in bytes. */
const KEPT = 16_777_216
const APP = 'https://app.example'

const MEGABYTE = 1_048_576
const HUGE = 'x'.repeat(10 * MEGABYTE)

const wellFormed = (value: string) => Buffer.from(value).toString()

// What could be taken for something else where it is written without care.
const awkward = fc.constantFrom(
  '</script><script>parent.postMessage(1,"*")</script>',
  '<!--<script>',
  '"),parent.postMessage("',
  '\\"',
  '\u2028\u2029',
  '\r\n\r\n',
  '\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n',
  '\n\nid: 9999999999:9\nevent: push.end\ndata: {}\n\n',
  'push: end\nid: 9999999999:9\n\n{}',
  'push: gap\n\n{"reason":"forged"}',
  '\r\n--boundary\r\nPush: end\r\n\r\n{}\r\n--boundary--',
  '--',
  '\0',
  '\ud800',
  '\udc00\ud800',
  '\uFEFF',
  '👩‍🚀',
  'push.end',
  'push.message',
  '9999999999:999999',
  '../../etc/passwd',
  '%00%0d%0a',
  '__proto__',
)
const text = fc
  .array(fc.oneof(awkward, fc.string({ unit: 'binary', maxLength: 40 })), { maxLength: 5 })
  .map((parts) => parts.join(''))
const body = fc.oneof(
  { weight: 20, arbitrary: text },
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 60_000 }).map((size) => 'é\r\n<'.repeat(size / 5)) },
  { weight: 1, arbitrary: fc.constant(HUGE) },
)
// What cannot be in a header line at all is sent by `bytes`.
const headerText = text.map((value) => value.replaceAll(/[^\x20-\x7e]/g, '').trim())
const channel = fc.oneof(
  { weight: 3, arbitrary: fc.constant('witness') },
  { weight: 2, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 1, arbitrary: text.map((name) => encodeURIComponent(wellFormed(name))) },
  { weight: 1, arbitrary: headerText },
)
const query = fc.dictionary(
  fc.oneof(fc.constantFrom('last_event_id', 'wait', 'frame', 'frame_parent', '__proto__'), headerText),
  fc.oneof(
    fc.constantFrom('0:0', '0', 'abcdefgh', APP, '-1:1', '1e9:1', `9${'9'.repeat(400)}:1`, 'null'),
    text.map(wellFormed),
  ),
  { maxKeys: 4 },
)
const headers = fc.dictionary(
  fc.constantFrom(
    'Accept',
    'Content-Type',
    'X-EventSource-Event',
    'Last-Event-ID',
    'If-Modified-Since',
    'If-None-Match',
    'Origin',
    'Cookie',
    'Range',
  ),
  fc.oneof(
    fc.constantFrom('text/event-stream', 'multipart/mixed', 'application/json', 'text/plain', 'push.end', APP, 'null'),
    fc.constantFrom('Thu, 01 Jan 1970 00:00:00 GMT', '0:0', 'bytes=0-0', 'text/plain; charset=utf-16'),
    headerText,
  ),
  { maxKeys: 4 },
)

/** One action of an attacker. */
const attack = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      by: fc.constant('request' as const),
      method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'POST', 'OPTIONS', 'HEAD', 'PUT', 'DELETE'),
      channel,
      query,
      headers,
      body,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      by: fc.constant('frames' as const),
      channel,
      query,
      frames: fc.array(body, { maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      by: fc.constant('bytes' as const),
      // Broken off anywhere, and broken anyhow.
      request: fc.tuple(
        fc.constantFrom('GET', 'POST', 'DELETE', 'CONNECT', 'TRACE', '\x16\x03\x01', ''),
        fc.oneof(
          fc.constantFrom('/push/a', '/push/%', 'http://evil.example/push/a', '*', `/push/${'a'.repeat(20_000)}`),
          text,
        ),
        fc.array(
          fc.oneof(
            fc.constantFrom(
              'Host: localhost',
              'Host: evil.example',
              'Content-Length: 5',
              'Content-Length: -1',
              'Content-Length: 99999999999',
              'Transfer-Encoding: chunked',
              'Upgrade: websocket',
              'Connection: Upgrade',
              'Sec-WebSocket-Version: 13',
              'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
              'Sec-WebSocket-Protocol: ws+meta.nchan',
              'Expect: 100-continue',
              `X-Long: ${'a'.repeat(20_000)}`,
            ),
            text,
          ),
          { maxLength: 8 },
        ),
        body,
      ),
      after: fc.uint8Array({ maxLength: 64 }),
    }),
  },
)
type Attack = typeof attack extends fc.Arbitrary<infer A> ? A : never

/** What is remembered of a payload: small ones whole, so that a failure can be read. */
const shown = (payload: string | Uint8Array) => {
  const whole = Buffer.from(payload).toString('base64')
  return whole.length < 100 ? whole : createHash('sha256').update(whole).digest('base64')
}

/** Attackers on their own connections; each resolves when the hub has dealt with it. */
function attackers({ hub, url, port }: Served) {
  const statuses: Record<string, number> = {}
  const accepted: string[] = []
  const count = (what: string | number) => (statuses[what] = (statuses[what] ?? 0) + 1)

  const request = async ({
    method,
    channel: name,
    query: asked,
    headers: said,
    body: data,
  }: Extract<Attack, { by: 'request' }>) => {
    // A publisher may end the witnesses' channel, so the test does not.
    if (method === 'DELETE' && decodeURIComponentOr(name) === 'witness') return
    const abort = new AbortController()
    const search = new URLSearchParams(asked).toString()
    const answer = await fetch(`${url}${name}?${search}`, {
      method,
      headers: said,
      signal: abort.signal,
      ...(method === 'POST' || method === 'PUT' ? { body: data } : {}),
    }).catch((error: unknown) => {
      // The hub closes the connection of a client that sends more after a refusal.
      if (data === HUGE) return undefined
      throw error
    })
    count(answer?.status ?? 'cut')
    if (!answer) return
    if (answer.status === 201 || answer.status === 202) {
      if (new URL(answer.url).pathname === '/push/witness') accepted.push(shown(data))
    }
    expect([200, 201, 202, 204, 304, 400, 403, 404, 405, 406, 410, 413, 431, 503]).toContain(answer.status)
    abort.abort()
  }

  const frames = ({ channel: name, query: asked, frames: payloads }: Extract<Attack, { by: 'frames' }>) =>
    new Promise<void>((resolve) => {
      const target = `${url}${name}?${new URLSearchParams(asked).toString()}`
      const socket = new WebSocket(target.replace('http', 'ws'), 'ws+meta.nchan')
      const published = new URL(target).pathname === '/push/witness' ? payloads.filter((data) => data !== HUGE) : []
      socket.on('unexpected-response', (_, { statusCode }) => {
        count(statusCode ?? 0)
        socket.terminate()
      })
      socket.on('error', () => {})
      socket.on('open', () => {
        for (const data of payloads) socket.send(data, { binary: typeof data !== 'string' })
        // After what is too long nothing is taken.
        const whole = payloads.includes(HUGE) ? payloads.indexOf(HUGE) : payloads.length
        accepted.push(...published.slice(0, whole).map(shown))
        socket.close()
      })
      socket.on('close', (code) => {
        count(code)
        resolve()
      })
    })

  const bytes = ({ request: [method, target, lines, data], after }: Extract<Attack, { by: 'bytes' }>) =>
    new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.on('data', () => {})
      socket.on('close', () => {
        count('bytes')
        resolve()
      })
      socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      socket.write(data === '' ? '\r\n' : data)
      socket.write(after, () => {
        // The hub has read it when it has responded to a later request.
        void fetch(`${url}a?wait=0`).then(() => socket.destroy())
      })
    })

  return {
    statuses,
    accepted,
    async act(one: Attack) {
      if (one.by === 'request') await request(one)
      else if (one.by === 'frames') await frames(one)
      else await bytes(one)
      expect(hub.state('witness')).toBeDefined()
    },
  }
}

function decodeURIComponentOr(name: string): string {
  try {
    return decodeURIComponent(name.split(/[?#]/)[0] ?? '')
  } catch {
    return name
  }
}

/** An honest subscriber, with all that it received. */
interface Witness {
  name: string
  told: { cursor: string | undefined; event: string; body: string }[]
  wrong: string[]
}

const witnesses = ({ url }: Served, tcpPort: number): Witness[] => {
  const definition = defineChannel({ url: `${url}witness`, binary: true, decode: (raw: Uint8Array) => shown(raw) })
  const implementation = WebSocket as unknown as typeof globalThis.WebSocket
  const techniques = [
    polling({ minInterval: 20, maxInterval: 20 }),
    longPolling(),
    sse(),
    fetchStream(),
    webSocket({ implementation }),
  ]
  return [
    ...techniques.map((technique): Witness => {
      const client = createPushClient({ technique, backend: nchan() })
      const witness: Witness = { name: technique.name, told: [], wrong: [] }
      const reading = client.channel(definition()).events$.subscribe((event: PushEvent<string>) => {
        if (event.type === 'message') witness.told.push({ cursor: event.cursor, event: event.event, body: event.data })
        else if (event.type !== 'open' && event.type !== 'connecting') witness.wrong.push(event.type)
      })
      onTestFinished(() => {
        reading.unsubscribe()
        client.close()
      })
      return witness
    }),
    frameWitness(url),
    linesWitness(tcpPort),
  ]
}

/** Reads lines over TCP. */
function linesWitness(tcpPort: number): Witness {
  const witness: Witness = { name: 'lines', told: [], wrong: [] }
  const socket = connect(tcpPort, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write('{"subscribe":"./witness"}\n')
  const read = async () => {
    for await (const text of linesOf(socket)) {
      const event = nchan().lines.line(text)
      if (event === 'end' || !('type' in event) || event.type === 'gap') witness.wrong.push(text)
      else if (event.type === 'message')
        witness.told.push({ cursor: event.cursor, event: event.event, body: shown(event.data) })
    }
  }
  read().catch((error: unknown) => witness.wrong.push(String(error)))
  return witness
}

/** Reads a forever frame as a browser would: a script ends where it says so, and nothing else is in the document. */
function frameWitness(url: string): Witness {
  const witness: Witness = { name: 'foreverFrame', told: [], wrong: [] }
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const read = async () => {
    const answer = await fetch(`${url}witness?frame=abcdefgh&frame_parent=${APP}`, { signal: abort.signal })
    const utf8 = new TextDecoder()
    let page = ''
    let scripts = 0
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      page += utf8.decode(chunk, { stream: true })
      for (let end = page.indexOf('</script>'); end >= 0; end = page.indexOf('</script>')) {
        const script = /^<script nonce="[\w-]+">(.*)$/s.exec(
          page.slice(scripts === 0 ? page.indexOf('<script') : 0, end),
        )
        page = page.slice(end + '</script>'.length)
        scripts += 1
        if (scripts === 1) continue
        const literal = /^f\((".*")\)$/s.exec(script?.[1] ?? '')?.[1]
        if (literal === undefined) witness.wrong.push(script?.[1] ?? 'no script')
        else {
          const event = nchan().foreverFrame.frame(JSON.parse(literal) as string)
          if (event === 'end' || event.type === 'gap') witness.wrong.push('end or gap')
          else if (event.type === 'message')
            witness.told.push({ cursor: event.cursor, event: event.event, body: shown(event.data) })
        }
      }
    }
  }
  read().catch((error: unknown) => {
    if (!abort.signal.aborted) witness.wrong.push(String(error))
  })
  return witness
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
/** What buffers hold, in bytes, after all that could go has gone: the rest of the heap is this test's own. */
function memory(): number {
  collect()
  return process.memoryUsage().external
}

test('hostile input crashes nothing, forges nothing and fills nothing', async ({ serve }) => {
  let later = 0
  const served = await serve({
    allowedOrigins: [APP],
    maxChannels: 100,
    maxHistoryBytes: KEPT,
    maxMessageBytes: MEGABYTE,
    maxPublishRate: 1_000_000,
    heartbeat: 500,
    now: () => Date.now() + later,
  })
  const { hub } = served
  const { port: tcpPort } = await hub.listenTcp()
  const readers = witnesses(served, tcpPort)
  while ((hub.state('witness')?.subscribers ?? 0) < 6) await new Promise(setImmediate)

  const { act, accepted, statuses } = attackers(served)
  const own: string[] = []
  const publish = (payload: string | Buffer, event: string) => {
    own.push(shown(typeof payload === 'string' ? wellFormed(payload) : payload))
    hub.publish('witness', payload, /^[!-~]{1,200}$/.test(event) && !event.startsWith('push.') ? { event } : {})
  }
  const before = memory()
  const result = await fc.check(
    fc.asyncProperty(fc.array(attack, { minLength: 1, maxLength: 6 }), body, text, async (attacks, payload, event) => {
      if (payload !== HUGE) publish(payload, event)
      await Promise.all(attacks.map(act))
    }),
    { numRuns: ROUNDS, endOnFailure: true },
  )
  if (result.failed) throw new Error(fc.defaultReportMessage(result), { cause: result.errorInstance })
  const [first] = readers
  const expected = [...own, ...accepted].toSorted()
  await expect.poll(() => readers.map(({ told }) => told.length)).toEqual(readers.map(() => expected.length))

  // History, and the encodings that are shared.
  await expect.poll(() => memory() - before).toBeLessThan(2 * KEPT + MEGABYTE)
  const full = memory() - before
  later = 3_600_000
  await expect.poll(() => hub.state('witness')?.messages).toBe(0)
  await expect.poll(() => memory() - before).toBeLessThan(4 * MEGABYTE)

  console.log(
    `fuzz (seed ${result.seed}): ${result.numRuns} rounds, ${attackCount(statuses)} attackers, answered ${JSON.stringify(statuses)}; ` +
      `${expected.length} messages to each of ${readers.length} readers, none lost, repeated or forged; ` +
      `the hub held ${mebibytes(full)}, and ${mebibytes(memory() - before)} when all was too old`,
  )
  for (const { name, told, wrong } of readers) {
    expect([name, wrong]).toEqual([name, []])
    const got = told.map(({ body: data }) => data).toSorted()
    expect({ name, lost: without(expected, got), forged: without(got, expected) }).toEqual({
      name,
      lost: [],
      forged: [],
    })
    // The same, in the same order, under the same ids, whatever the technique.
    expect(told).toEqual(first?.told)
  }
})

/** What is in one list and not in the other, each as often as it is. */
function without(these: readonly string[], those: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const one of those) left.set(one, (left.get(one) ?? 0) + 1)
  return these.filter((one) => {
    const n = left.get(one) ?? 0
    left.set(one, n - 1)
    return n < 1
  })
}

const mebibytes = (bytes: number) => `${(bytes / MEGABYTE).toFixed(1)} MiB`
const attackCount = (statuses: Record<string, number>) => Object.values(statuses).reduce((sum, n) => sum + n, 0)
