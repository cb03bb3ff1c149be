import { DEV } from '../dev.ts'
import { PushError } from '../errors.ts'
import type { Dialect, DialectParts } from './dialect.ts'

/** Which techniques speak which part. */
const SPOKEN_BY = {
  poll: 'longPolling() or polling()',
  eventStream: 'sse()',
  stream: 'fetchStream() or xhrStream()',
  foreverFrame: 'iframeStream()',
  webSocket: 'webSocket()',
} satisfies Record<keyof DialectParts, string>

/**
 * A technique's part of the dialect; the standards' where no dialect was named. Throws `unsupported` where the dialect
 * has none, and says what to use instead.
 */
export function part<K extends keyof DialectParts>(
  dialect: Dialect | undefined,
  name: K,
  standard: () => DialectParts[K],
): DialectParts[K] {
  const spoken: Partial<DialectParts> | undefined = dialect
  const own = spoken ? spoken[name] : standard()
  if (own) return own
  throw new PushError(
    'unsupported',
    DEV && `${dialect?.name} is not spoken over ${SPOKEN_BY[name]}: ${instead(spoken)}`,
  )
}

const instead = (spoken: Partial<DialectParts> = {}): string =>
  `use ${Object.entries(SPOKEN_BY)
    .flatMap(([name, techniques]) => (name in spoken ? [techniques] : []))
    .join(', ')}`
