import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { errorMessage, redactUrl } from '../internal/redact-url.ts'

/**
 * Checks that a request can be sent. `fetch` reports an invalid request like a failed network, and drops a forbidden
 * header silently.
 *
 * @throws PushError `invalid-request` if a header, the method or the URL is not valid; `headers-unsupported` if the
 * host drops a header.
 */
export function checkRequest(
  url: string,
  init: RequestInit & { readonly headers: Readonly<Record<string, string>> },
): void {
  const { headers } = init
  let checked: Request
  try {
    checked = new Request(url, init)
  } catch (cause) {
    throw new PushError(
      'invalid-request',
      DEV &&
        `Request to "${redactUrl(url)}" not sent: ${invalidHeader(headers) ?? errorMessage(cause).replace(/\.$/, '')}. Correct it.`,
      { cause },
    )
  }
  const dropped = Object.keys(headers).find((name) => !checked.headers.has(name))
  if (dropped !== undefined) throw headerUnsupported(dropped, DEV && 'this host')
}

/**
 * Checks that no header was given to a technique that cannot send one.
 *
 * @throws PushError `headers-unsupported`
 */
export function checkNoHeaders(headers: Readonly<Record<string, string>>, sender: string | false): void {
  const [name] = Object.keys(headers)
  if (name !== undefined) throw headerUnsupported(name, sender)
}

const headerUnsupported = (name: string, sender: string | false) =>
  new PushError(
    'headers-unsupported',
    DEV && `Connection not opened: ${sender} cannot send the header "${name}". Put its value into \`query\`.`,
  )

/** Names the invalid header without its value, which may be secret; undefined if none is invalid. */
function invalidHeader(headers: Readonly<Record<string, string>>): string | undefined {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers().set(name, value)
    } catch {
      return `the header ${JSON.stringify(name)} or its value is not valid`
    }
  }
  return undefined
}
