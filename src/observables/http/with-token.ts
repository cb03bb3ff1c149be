import { withQuery } from './query.ts'

/** A token, and its places in a request. */
export interface CarriedToken {
  readonly value: string
  /** The header's name and value; undefined: it is not sent in a header. */
  readonly header: readonly [name: string, value: string] | undefined
  /** The query parameter's name; undefined: it is not sent in a URL. */
  readonly queryParam: string | undefined
}

/**
 * Returns a request with its token: in a header if the technique can send one, otherwise in the query. A technique that
 * tries several adds it for each.
 */
export function withToken<
  R extends {
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
    readonly token?: CarriedToken | undefined
  },
>({ sendsHeaders }: { readonly sendsHeaders?: boolean | 'each' }, request: R): R {
  const { url, headers, token } = request
  if (!token || sendsHeaders === 'each') return request
  const { value, header, queryParam } = token
  if (sendsHeaders && header) return { ...request, headers: { ...headers, [header[0]]: header[1] } }
  return queryParam === undefined ? request : { ...request, url: withQuery(url, { [queryParam]: value }) }
}
