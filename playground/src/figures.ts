const whole = new Intl.NumberFormat('en')

/** Formats a figure of a card in at most eight characters, so that four fit side by side. */
export const count = (value: number) => (value < 1e6 ? whole.format(value) : `${(value / 1e6).toFixed(1)} M`)

/** `value` is in ms. */
export function duration(value: number | undefined) {
  if (value === undefined) return '–'
  return value < 9_999.5 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`
}

/** `value` is in bytes. */
export function size(value: number) {
  if (value < 999_500) return `${(value / 1e3).toFixed(0)} kB`
  return value < 999_950_000 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(1)} GB`
}
