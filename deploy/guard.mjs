// What nginx asks before each subscription (nchan_authorize_request): whether `authorize` allows it, and that no channel
// is empty. Runs beside each node, with Node 18 or later and no package: `node guard.mjs`.
import { createServer } from 'node:http'
import { realpathSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { logLine, toAnswer, within } from './answer.mjs'

/** What a channel begins with. The client takes its place from it, and shows it to nobody. */
const BEGINNING = {
  method: 'POST',
  headers: { 'Content-Type': 'application/vnd.push.begin+json', 'X-EventSource-Event': 'push.begin' },
  body: '{}',
}

const ACTIONS = new Map([
  ['GET', /** @type {const} */ ('subscribe')],
  ['POST', /** @type {const} */ ('publish')],
  ['DELETE', /** @type {const} */ ('delete')],
])

/** How nginx takes names too (channels.conf): what a URL never has to encode, so that a name has one spelling. */
const NAME = /^(?!\.{1,2}$)[\w.-]{1,255}$/

/** As much as nginx takes, and what it adds (large_client_header_buffers). */
const LARGEST_HEAD = 65_536

/**
 * Creates the server that decides. Statuses: 200 if `authorize` allows the request; 403, or its own 401 or 403, if it
 * refuses; 500 if it throws, rejects, takes too long or answers anything else; 503 with `Retry-After` if the channel
 * cannot be begun, or if too many requests wait; 400 and 405 for what nginx never asks. Each 500 and 503 is one log line.
 *
 * Nchan's worker aborts where a reader resumes in an empty channel that another reads, and a channel without a message
 * has no place to tell: so a channel that has none begins with a marker before anybody subscribes.
 *
 * @param {object} options
 * @param {string} options.publisher Where this node's channels are published to, as `http://127.0.0.1:8080/channels/`.
 * @param {import('pinia-push/hub').Authorize} options.authorize Decides who may do what: the hub's own hook.
 * @param {(trouble: string) => void} [options.log] Receives what could not be decided, one line each.
 * @param {number} [options.authorizeTimeout] How long `authorize` may take. In ms, 10,000 by default.
 * @param {number} [options.publisherTimeout] How long it may take to look at a channel and begin it. In ms,
 *   10,000 by default.
 * @param {number} [options.maxPending] How many requests may wait for a decision at once: 1,000 by default.
 */
export function createGuard({
  publisher,
  authorize,
  log = console.error,
  authorizeTimeout = 10_000,
  publisherTimeout = 10_000,
  maxPending = 1_000,
}) {
  const channels = createBeginnings(publisher, publisherTimeout)
  /** @param {string} trouble @param {unknown} [cause] */
  const report = (trouble, cause) => {
    try {
      log(logLine(trouble, cause))
    } catch {
      // There is nowhere else to say it.
    }
  }

  /** @param {import('node:http').IncomingMessage} request @returns {Promise<import('./answer.mjs').Answer>} */
  const decide = async ({ headers }) => {
    const { 'x-channel': channel, 'x-method': method, 'x-address': address, 'x-uri': uri, ...others } = headers
    if (typeof address !== 'string') {
      report('No X-Address came from nginx: its files and this guard are of different versions. Copy both again')
      return { status: 500 }
    }
    const [path = '', ...rest] = String(uri).split('?')
    if (typeof channel !== 'string' || !NAME.test(channel) || !path.endsWith(`/${channel}`)) return { status: 400 }
    const action = ACTIONS.get(String(method))
    if (!action) return { status: 405 }
    const query = new URLSearchParams(rest.join('?'))

    /** @type {import('./answer.mjs').Answer} */
    let answer
    try {
      const request = {
        action,
        channel,
        technique: undefined,
        method: String(method),
        headers: others,
        query,
        clientIp: address,
      }
      answer = toAnswer(await within(authorizeTimeout, async () => authorize(request)))
    } catch (error) {
      report(`authorize did not decide about channel ${channel}, answered 500`, error)
      return { status: 500 }
    }
    if (answer.status !== 200 || action !== 'subscribe') return answer
    try {
      await channels.begin(channel, secondOf(query.get('last_event_id')))
    } catch (error) {
      report(`Channel ${channel} could not be begun, answered 503`, error)
      return BUSY
    }
    return answer
  }

  let pending = 0
  let full = false
  /** @param {import('node:http').IncomingMessage} request */
  const decideOrRefuse = async (request) => {
    if (pending >= maxPending) {
      // One line for all that are refused until there is room.
      if (!full) report(`${pending} requests wait for a decision, answered 503`)
      full = true
      return BUSY
    }
    pending += 1
    try {
      return await decide(request)
    } finally {
      pending -= 1
      full = false
    }
  }

  const server = createServer(
    // Longer than nginx keeps a connection that nothing is asked on, so that it is never closed under a question.
    { keepAliveTimeout: 75_000, maxHeaderSize: LARGEST_HEAD, requireHostHeader: false },
    async (request, response) => {
      const { status, reason, headers = {} } = await decideOrRefuse(request)
      response.statusCode = status
      response.setHeader('Content-Type', 'text/plain; charset=utf-8')
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      // Once it is closed it waits for no connection that nginx would keep.
      if (!server.listening) response.setHeader('Connection', 'close')
      response.end(reason)
    },
  )
  return server
}

/** @type {import('./answer.mjs').Answer} */
const BUSY = { status: 503, headers: { 'Retry-After': 1 } }

/** Looks whether a channel has a message, and begins it if not. @param {string} publisher @param {number} timeout */
function createBeginnings(publisher, timeout) {
  /** Two who come at once begin it once. @type {Map<string, Promise<void>>} */
  const beginning = new Map()
  /** @param {string} channel @param {RequestInit} init */
  const ask = async (channel, init) => {
    const answer = await fetch(`${publisher}${channel}`, { ...init, redirect: 'error' })
    const text = await answer.text()
    if (!answer.ok && answer.status !== 404) throw new Error(`the publisher answered ${answer.status}: ${text}`)
    return { found: answer.ok, text }
  }
  /** @param {string} channel @param {number} after */
  const begin = async (channel, after) => {
    const signal = AbortSignal.timeout(timeout)
    const state = await ask(channel, { headers: { accept: 'text/json' }, signal })
    const { messages } = state.found ? JSON.parse(state.text) : { messages: 0 }
    if (!Number.isInteger(messages)) throw new Error(`the publisher does not tell how many messages: ${state.text}`)
    if (messages > 0) return
    // The marker is of a later second than that after the reader's place, so that its own is later than any that a
    // client knows: one who asks from just before its place may name the second before.
    const wait = (after + 2) * 1_000 - Date.now()
    if (wait > 0 && wait <= 2_000) await delay(wait, undefined, { signal })
    const begun = await ask(channel, { ...BEGINNING, signal })
    if (!begun.found) throw new Error('the publisher answered 404')
  }
  return {
    /** @param {string} channel @param {number} after */
    begin(channel, after) {
      const begun = beginning.get(channel) ?? begin(channel, after).finally(() => beginning.delete(channel))
      beginning.set(channel, begun)
      return begun
    },
  }
}

/** The second of a cursor. @param {string | null} cursor */
const secondOf = (cursor) => Number.parseInt(cursor ?? '', 10) || 0

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const { GUARD_PORT = '8090', PUBLISHER = 'http://127.0.0.1:8080/channels/', AUTHORIZE } = process.env
  const { authorize } = await import(AUTHORIZE ? pathToFileURL(AUTHORIZE).href : './authorize.mjs')
  if (typeof authorize !== 'function') throw new Error(`${AUTHORIZE ?? 'authorize.mjs'} has no function \`authorize\``)
  const server = createGuard({ publisher: PUBLISHER, authorize })
  server.on('error', (error) => {
    console.error(logLine('guard', error))
    // Where it cannot listen it is started again; where it has no descriptor for one more, it goes on.
    if (!server.listening) process.exit(1)
  })
  // A promise of `authorize`'s own that nobody waits for.
  process.on('unhandledRejection', (error) => console.error(logLine('authorize left a promise', error)))
  // What was asked is answered first.
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
  server.listen(Number(GUARD_PORT), '127.0.0.1')
}
