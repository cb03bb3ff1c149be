/** A URL as messages show it: without user name and password, query and fragment, each of which may hold a secret. */
export const redactQuery = (url: string): string =>
  (url.split(/[?#]/, 1)[0] ?? url).replace(/^((?:[a-z][a-z\d+.-]*:[\\/]*|[\\/]{2,}))[^\\/]*@/i, '$1')

/** What a caught value says; a host's own message may show a URL. */
export const reason = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).replaceAll(
    /\b[a-z][a-z\d+.-]*:\/\/[^\s"'<>]+/gi,
    redactQuery,
  )
