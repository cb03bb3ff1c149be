import type { PushError } from '../errors.ts'
import type { PushEvent } from '../events.ts'
import { redactUrl } from '../internal/redact-url.ts'

/**
 * Makes a channel's watch for mistakes of the set-up, for development: it calls `console.warn` once for each cause,
 * with the likely reason and the fix. A channel that was open once can be reached, so outages after that are not
 * mistakes. What no outage causes always is one: errors that no other attempt can mend, and answers of another server.
 */
export function developmentWarnings(url: string): (event: PushEvent<unknown>) => void {
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
    const where = message.includes('://') ? '' : `${redactUrl(url)}: `
    console.warn(`[pinia-push] ${where}${message}${/[.?!]$/.test(message) ? '' : '.'}${hint && ` ${hint}`}`)
  }
}

/** What comes of a wrong set-up, and of no outage. */
const MISTAKES: ReadonlySet<string> = new Set(['unexpected-response', 'connection-limit'] satisfies PushError['code'][])

/** What may come of either. */
const OUTAGES: ReadonlySet<string> = new Set([
  'network-error',
  'connect-timeout',
  'prepare-failed',
] satisfies PushError['code'][])

/** The likely reason, as far as the page can tell, and what to change. */
function likelyCause({ code, status }: PushError, address: string): string {
  const page = globalThis.location?.origin
  const { protocol, origin } = new URL(address)
  const isPage = page?.startsWith('http')
  if (isPage && page?.startsWith('https:') && (protocol === 'http:' || protocol === 'ws:'))
    return `A page of https: cannot reach ${protocol} Serve ${origin} by TLS.`
  if (code === 'network-error' && isPage && origin.replace(/^ws/, 'http') !== page)
    return `The page is of ${page}. The server must allow that origin: a WebSocket by its check of Origin, everything else by CORS (Access-Control-Allow-Origin: ${page}, and a 2xx response to OPTIONS where headers are sent).`
  switch (status) {
    case 401:
    case 403:
      return 'Give a credential by `prepareRequest`, or see why the server refuses this one.'
    case 404:
      return 'Nothing is at this URL. Check the path, and the proxy of the development server.'
    default:
      return code === 'connect-timeout' ? 'Does anything between page and server hold the response back?' : ''
  }
}
