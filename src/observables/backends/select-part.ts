import { PushError } from '../errors.ts'
import type { Dialect, DialectParts } from './backend.ts'

/** Which techniques speak which part. */
const SPOKEN_BY = {
  poll: 'longPolling() or polling()',
  eventStream: 'sse()',
  stream: 'fetchStream() or xhrStream()',
  foreverFrame: 'iframeStream()',
  webSocket: 'webSocket()',
  lines: 'flashSocket()',
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
  const own = dialect ? dialect[name] : standard()
  if (own) return own as DialectParts[K]
  // What stands here is for development only, and left out of what is bundled for production.
  throw new PushError('unsupported', process.env.NODE_ENV !== 'production' && instead(dialect, name))
}

function instead(dialect: Dialect | undefined, name: keyof DialectParts): string {
  const others = Object.entries(SPOKEN_BY).flatMap(([other, techniques]) =>
    dialect && other in dialect ? [techniques] : [],
  )
  return others.length > 0
    ? `${dialect?.name} is not spoken over ${SPOKEN_BY[name]}: use ${others.join(', ')}`
    : 'The dialect has none of the parts that techniques need. Give what plain(), nchan(), mercure() or durableStreams() returns.'
}
