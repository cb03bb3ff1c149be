// What nginx asks before each subscription (nchan_authorize_request): who may read, and that no channel is empty. Runs
// beside each node, with Node 18 or later and nothing else: `node guard.mjs`.
import { createServer } from 'node:http'
import { realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** What a channel begins with. The client takes its place from it, and shows it to nobody. */
const BEGINNING = {
  method: 'POST',
  headers: { 'Content-Type': 'application/vnd.push.begin+json', 'X-EventSource-Event': 'push.begin' },
  body: '{}',
}

const ACTIONS = new Map([
  ['POST', /** @type {const} */ ('publish')],
  ['DELETE', /** @type {const} */ ('delete')],
])

/**
 * Answers 200 where `authorize` says yes, and what it says otherwise; 503 where that cannot be told now.
 *
 * Nchan's worker aborts where a reader resumes in an empty channel that another reads, and a channel without a message
 * has no place to tell: so a channel that has none begins with a marker before anybody subscribes.
 *
 * @param {object} options
 * @param {string} options.publisher Where this node's channels are published to, as `http://127.0.0.1:8080/channels/`.
 * @param {import('pinia-push/hub').Authorize} options.authorize Who may do what: the hub's own hook.
 * @param {(trouble: string) => void} [options.log] Hears what could not be decided.
 */
export function createGuard({ publisher, authorize, log = console.error }) {
  /** @type {Map<string, Promise<void>>} */
  const beginning = new Map()

  /**
   * What begins does so later than the second after that of the reader's place, so that its own is later than any that
   * a client knows: one who asks from just before its place may name the second before.
   *
   * @param {string} channel
   * @param {number} after
   */
  const begin = async (channel, after) => {
    const at = `${publisher}${channel}`
    const state = await fetch(at, { headers: { accept: 'text/json' } })
    const said = await state.text()
    if (!state.ok && state.status !== 404) throw new Error(`${at} answered ${state.status}: ${said}`)
    if (state.ok && JSON.parse(said).messages > 0) return
    const wait = (after + 2) * 1_000 - Date.now()
    if (wait > 0 && wait <= 2_000) await new Promise((resolve) => setTimeout(resolve, wait))
    const begun = await fetch(at, BEGINNING)
    if (!begun.ok) throw new Error(`${at} answered ${begun.status}: ${await begun.text()}`)
  }
  /** Two who come at once begin it once. @param {string} channel @param {number} after */
  const beginOnce = (channel, after) => {
    const begun = beginning.get(channel) ?? begin(channel, after).finally(() => beginning.delete(channel))
    beginning.set(channel, begun)
    return begun
  }

  /** @param {import('node:http').IncomingMessage} request */
  const decide = async ({ headers }) => {
    const { 'x-channel': channel, 'x-method': method, 'x-address': address, 'x-uri': uri, ...others } = headers
    const query = new URL(String(uri), 'http://push').searchParams
    const action = ACTIONS.get(String(method)) ?? 'subscribe'
    const answer = await authorize({
      action,
      channel: String(channel),
      technique: undefined,
      method: String(method),
      headers: others,
      query,
      address: String(address),
    })
    if (answer !== true) return { status: 403, ...(typeof answer === 'object' && answer) }
    if (action === 'subscribe') await beginOnce(String(channel), secondOf(query.get('last_event_id')))
    return { status: 200 }
  }

  // Longer than nginx keeps a connection that nothing is asked on, so that it is never closed under a question.
  return createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    decide(request).then(
      ({ status, reason = '', headers = {} }) => response.writeHead(status, headers).end(reason),
      (/** @type {unknown} */ error) => {
        log(String(error))
        response.writeHead(503, { 'Retry-After': 1 }).end()
      },
    )
  })
}

/** The second of a cursor. @param {string | null} cursor */
const secondOf = (cursor) => Number.parseInt(cursor ?? '', 10) || 0

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const { GUARD_PORT = '8090', PUBLISHER = 'http://127.0.0.1:8080/channels/', AUTHORIZE } = process.env
  const { authorize } = await import(AUTHORIZE ? pathToFileURL(AUTHORIZE).href : './authorize.mjs')
  createGuard({ publisher: PUBLISHER, authorize }).listen(Number(GUARD_PORT), '127.0.0.1')
}
