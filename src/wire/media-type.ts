/**
 * The media type of a `Content-Type` value, or of one range of `Accept`: without parameters, in lower case (RFC 9110
 * section 8.3.1). Empty where there is none. All comparisons of media types are made with it, whole.
 */
export function mediaType(value: string | null | undefined): string {
  if (!value) return ''
  const end = value.indexOf(';')
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase()
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

/** Whether messages of this `Content-Type` are text, as far as they are valid UTF-8; every other message is bytes. */
export function isText(contentType: string): boolean {
  const type = mediaType(contentType)
  return type.startsWith('text/') || TEXT_TYPES.has(type) || type.endsWith('+json') || type.endsWith('+xml')
}
