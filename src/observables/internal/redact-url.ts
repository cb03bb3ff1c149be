/** Removes user name, password, query and fragment from a URL for use in messages, because each may contain a secret. */
export const redactUrl = (url: string): string =>
  (url.split(/[?#]/, 1)[0] ?? url).replace(/^((?:[a-z][a-z\d+.-]*:[\\/]*|[\\/]{2,}))[^\\/]*@/i, '$1')

/** Returns the message of a caught value. Its URLs are redacted, because a host's own message may contain one. */
export const errorMessage = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).replaceAll(/\b[a-z][a-z\d+.-]*:\/\/[^\s"'<>]+/gi, redactUrl)
