/** A URL as messages show it: without its query, which may hold a token. */
export const shown = (url: string): string => url.split('?', 1)[0] ?? url

/** What a caught value says. */
export const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
