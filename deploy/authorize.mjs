// A client may read if it has a token that the backend signed for this channel. Yours may check a cookie or ask a
// database instead; it is the hub's `authorize`, so the one that you have moves here as it is.
import { createHmac, timingSafeEqual } from 'node:crypto'

const { PUSH_SECRET } = process.env
if (!PUSH_SECRET)
  throw new Error('PUSH_SECRET is not set: give the guard and the backend one secret, `openssl rand -hex 32` makes it')

/** @param {string} text */
const sign = (text) => createHmac('sha256', PUSH_SECRET).update(text).digest('hex')

/**
 * For the backend: lets one read a channel until then. `prepareRequest: async () => ({ query: { token: await askBackend() } })`
 *
 * @param {string} channel
 * @param {number} expires In seconds since the epoch.
 */
export const tokenFor = (channel, expires) => `${expires}.${sign(`${channel} ${expires}`)}`

/** @type {import('pinia-push/hub').Authorize} */
export const authorize = ({ action, channel, query, headers }) => {
  const token = query.get('token') ?? headers.authorization?.replace(/^Bearer /, '') ?? ''
  const expires = Number.parseInt(token, 10)
  if (!(expires > Date.now() / 1_000)) return { status: 401, reason: 'no token, or one that has expired' }
  const [given, due] = [Buffer.from(token), Buffer.from(tokenFor(channel, expires))]
  if (given.length !== due.length || !timingSafeEqual(given, due))
    return { status: 403, reason: 'not for this channel' }
  return action === 'subscribe' || { status: 403, reason: 'the backend publishes' }
}
