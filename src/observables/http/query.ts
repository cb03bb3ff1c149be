/**
 * Returns an absolute URL with these parameters in its query; each replaces parameters of the same name. The rest of the
 * query keeps its bytes, because it may be signed; `searchParams` would rewrite it. The fragment is removed, because no
 * request carries it.
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

/** Returns an absolute URL without its fragment and without the parameters that `matches` selects by name. */
export function withoutQuery(url: string, matches: (name: string) => boolean): string {
  const [whole = ''] = url.split('#', 1)
  const [path = ''] = whole.split('?', 1)
  const kept = whole
    .slice(path.length + 1)
    .split('&')
    // Servers compare the decoded name.
    .filter((parameter) => !matches([...new URLSearchParams(parameter).keys()][0] ?? ''))
  return path === whole || kept.length === 0 ? path : `${path}?${kept.join('&')}`
}
