import { HubError } from '../errors.ts'

const MAX_LENGTH = 255

/**
 * Checks that a channel name can be used in a URL, a log line and a header. A name that `ambiguity` would reject in a
 * request target is rejected here, so that every channel can be requested.
 *
 * @throws HubError `invalid-channel`
 */
export function checkName(name: string): void {
  if (name.length === 0 || name.length > MAX_LENGTH) throw invalid(`a name has 1 to ${MAX_LENGTH} characters`)
  // A loop, because oxlint rejects control characters in a pattern.
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0
    if (code < 32 || (code >= 127 && code < 160)) throw invalid('a name must not contain control characters')
  }
  if (/\\|%[\da-f]{2}|(^|\/)\.{1,2}(\/|$)/i.test(name))
    throw invalid('a name must not contain a backslash, a dot segment or percent-encoding')
}

const invalid = (cause: string): HubError => new HubError('invalid-channel', `Invalid channel name: ${cause}.`)
