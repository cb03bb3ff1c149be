import type { PushError } from '../errors.ts'
import type { PushEvent } from '../events.ts'

/**
 * Returns a function that warns of configuration errors of a channel, in development. It calls `console.warn` once for each
 * cause, with the likely reason and the fix. A channel that was open before is configured correctly, so later network
 * failures are not reported. Errors that a retry cannot fix, and responses of another server, always are.
 */
export function developmentWarnings(url: string, name: string | false): (event: PushEvent<unknown>) => void {
  const warned = new Set<string>()
  let wasOpen = false
  return (event) => {
    if (event.type === 'open') wasOpen ||= !event.unconfirmed
    if (event.type !== 'reconnecting' && event.type !== 'failed' && event.type !== 'invalid') return
    const { error } = event
    if (event.type === 'reconnecting' && !MISTAKES.has(error.code) && (wasOpen || !OUTAGES.has(error.code))) return
    const cause = `${error.code} ${error.status}`
    if (warned.has(cause)) return
    warned.add(cause)
    const { message } = error
    const hint = likelyCause(error, url)
    const where = message.includes('://') ? '' : `${name}: `
    console.warn(`[pinia-push] ${where}${message}${/[.?!]$/.test(message) ? '' : '.'}${hint && ` ${hint}`}`)
  }
}

/** The retryable errors that only a wrong configuration causes. */
const MISTAKES: ReadonlySet<string> = new Set(['unexpected-response', 'connection-limit'] satisfies PushError['code'][])

/** The errors that an outage or a wrong configuration may cause. */
const OUTAGES: ReadonlySet<string> = new Set([
  'network-error',
  'connect-timeout',
  'prepare-failed',
] satisfies PushError['code'][])

/** Returns the likely reason, as far as the page knows it, and the fix. */
function likelyCause({ code, status }: PushError, address: string): string {
  const page = globalThis.location?.origin
  const { protocol, origin } = new URL(address)
  const isPage = page?.startsWith('http')
  if (isPage && page?.startsWith('https:') && (protocol === 'http:' || protocol === 'ws:'))
    return `A page of "https:" cannot connect to "${protocol}". Serve "${origin}" with TLS.`
  if (code === 'network-error' && isPage && origin.replace(/^ws/, 'http') !== page)
    return `The page has the origin "${page}". The server must allow it: for a WebSocket by its check of Origin, otherwise by CORS (Access-Control-Allow-Origin: ${page}, and a 2xx response to OPTIONS if headers are sent).`
  switch (status) {
    case 401:
    case 403:
      return 'Return a credential from `auth` or `prepareRequest`, or check why the server rejects this one.'
    case 404:
      return 'Nothing is at this URL. Check the path, and the proxy of the development server.'
    default:
      return code === 'connect-timeout' ? 'Check whether a proxy between page and server buffers the response.' : ''
  }
}
