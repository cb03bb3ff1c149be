/**
 * An absolute URL with these parameters in its query; each replaces one of the same name. The rest of the query stays as
 * it is, byte for byte, because it may be signed: `searchParams` would rewrite it. The fragment goes, because no request
 * carries it.
 */
export function withQuery(url: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const added = Object.entries(parameters).filter(([, value]) => value !== undefined)
  const rest = withoutQuery(url, (name) => added.some(([other]) => other === name))
  return added.reduce(
    (whole, [name, value = '']) =>
      `${whole}${whole.endsWith('?') ? '' : whole.includes('?') ? '&' : '?'}${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
    rest,
  )
}

/** An absolute URL without its fragment, and without the parameters whose names fit. The rest stays as it is. */
export function withoutQuery(url: string, fits: (name: string) => boolean): string {
  const [whole = ''] = url.split('#', 1)
  const [path = ''] = whole.split('?', 1)
  const kept = whole
    .slice(path.length + 1)
    .split('&')
    // The name, decoded as servers do.
    .filter((parameter) => !fits([...new URLSearchParams(parameter).keys()][0] ?? ''))
  return path === whole || kept.length === 0 ? path : `${path}?${kept.join('&')}`
}
