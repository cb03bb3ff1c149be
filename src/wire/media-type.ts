/**
 * Returns the media type of a `Content-Type` value, or of one range of `Accept` (RFC 9110 section 8.3.1). It has no
 * parameters, is in lower case, and is empty if there is none. All comparisons of media types use it.
 */
export function mediaType(value: string | null | undefined): string {
  if (!value) return ''
  const end = value.indexOf(';')
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase()
}

/** Returns a parameter of a media type: the `boundary` of `multipart/mixed; boundary="x"` is `x`. */
export function mediaTypeParameter(contentType: string | null, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^\\s;]+))`, 'i').exec(contentType ?? '')
  return match?.[1] ?? match?.[2]
}

/** Whether an `Accept` value names one of these media types. */
export const accepts = (accept: string | undefined, ...types: readonly string[]): boolean =>
  (accept ?? '').split(',').some((range) => types.includes(mediaType(range)))

const TEXT_TYPES: ReadonlySet<string> = new Set([
  'application/json',
  'application/xml',
  'application/javascript',
  'application/x-www-form-urlencoded',
])

/** Whether messages of this `Content-Type` are text. They are read as bytes all the same if they are not valid UTF-8. */
export function isText(contentType: string): boolean {
  const type = mediaType(contentType)
  return type.startsWith('text/') || TEXT_TYPES.has(type) || type.endsWith('+json') || type.endsWith('+xml')
}
