import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { errorMessage, redactUrl } from '../internal/redact-url.ts'

/**
 * Throws what no other try of a request can mend: `invalid-request` where a header, the method or the URL is not valid,
 * `headers-unsupported` where the host leaves a header out without a word. Fetch tells neither from a network that fails.
 */
export function checkRequest(
  url: string,
  init: RequestInit & { readonly headers: Readonly<Record<string, string>> },
): void {
  const { headers } = init
  let made: Request
  try {
    made = new Request(url, init)
  } catch (cause) {
    throw new PushError(
      'invalid-request',
      DEV &&
        `No request to ${redactUrl(url)} can be made: ${invalidHeader(headers) ?? errorMessage(cause)}. Change it.`,
      { cause },
    )
  }
  const dropped = Object.keys(headers).find((name) => !made.headers.has(name))
  if (dropped !== undefined)
    throw new PushError(
      'headers-unsupported',
      DEV && `This host sends no header ${dropped} of a page: put the value into the query`,
    )
}

/** Names the header that cannot be sent, and not its value, which may be secret; undefined: it is none of them. */
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
