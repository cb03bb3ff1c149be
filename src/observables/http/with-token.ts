import { withQuery } from './query.ts'

/** A token, and where a request may carry it. */
export interface CarriedToken {
  readonly value: string
  /** The header's name and value; undefined: no header carries it. */
  readonly header: readonly [name: string, value: string] | undefined
  /** The query parameter's name; undefined: no URL carries it. */
  readonly queryParam: string | undefined
}

/**
 * Returns a request that carries its token: in a header where the technique can send one, otherwise in the query. A
 * technique that tries several adds it for each.
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
