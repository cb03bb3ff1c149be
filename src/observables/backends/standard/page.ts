const PAGES: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml'])

/** Whether a media type is that of a page: captive portals, login pages and fallbacks for unknown URLs respond with one. */
export const isPage = (type: string): boolean => PAGES.has(type)
