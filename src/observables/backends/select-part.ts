import { PushError } from '../errors.ts'
import type { Backend, BackendParts } from './backend.ts'

/** The techniques that use each part. */
const USED_BY = {
  poll: ['longPolling()', 'polling()'],
  eventStream: ['sse()'],
  stream: ['fetchStream()', 'xhrStream()'],
  foreverFrame: ['iframeStream()'],
  webSocket: ['webSocket()'],
  lines: ['flashSocket()'],
} satisfies Record<keyof BackendParts, readonly string[]>

/**
 * Returns a technique's part of the backend, or the standard part if no backend is named.
 *
 * @throws PushError `unsupported` if the backend does not have the part. The message names the techniques to use instead.
 */
export function selectPart<K extends keyof BackendParts>(
  backend: Backend | undefined,
  name: K,
  standard: () => BackendParts[K],
): BackendParts[K] {
  const own = backend ? backend[name] : standard()
  if (own) return own as BackendParts[K]
  // The message is left out of production bundles.
  throw new PushError('unsupported', process.env.NODE_ENV !== 'production' && instead(backend, name))
}

function instead(backend: Backend | undefined, name: keyof BackendParts): string {
  const others = Object.entries(USED_BY).flatMap(([other, techniques]) =>
    backend && other in backend ? techniques : [],
  )
  return others.length > 0
    ? `Technique not supported: ${backend?.name} does not work with ${oneOf(USED_BY[name])}. Use ${oneOf(others)}.`
    : 'Technique not supported: the backend has no part for any technique. Give what standard(), nchan(), mercure() or durableStreams() returns.'
}

/** Lists names as a choice: "a, b or c". */
const oneOf = (names: readonly string[]): string => names.join(', ').replace(/, ([^,]*)$/, ' or $1')
