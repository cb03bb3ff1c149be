import type { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { DEV } from '../../internal/dev.ts'
import { bodyCollector } from '../../parsers/body-collector.ts'
import type { PollBackend } from '../backend.ts'
import { statusVerdicts, type StatusTable } from '../verdict.ts'
import { isPage } from './page.ts'

/** The namespace of validators. A validator identifies a state and an event id a position, so they are never mixed up. */
const NAMESPACE = 'standard-validator'

/** Polls with conditional requests (RFC 9110 section 13): each response is the present state of the resource. */
export const standardPoll = (statuses: Partial<StatusTable> = {}, html = false): PollBackend => ({
  buildRequest({ url, headers, cursor }) {
    const validator = cursor?.namespace === NAMESPACE ? cursor.value : undefined
    return { url, headers: { ...headers, ...condition(validator) }, namespace: NAMESPACE, resume: 'sampled' }
  },

  // 204 has no message, like 304.
  verdict: statusVerdicts({ 204: 'again' }, statuses),
  fits: (type) => html || !isPage(type),
  expects: DEV && 'JSON, text or bytes (where your server sends HTML: `standard({ html: true })`)',

  read({ status, headers }, emit, { maxMessageBytes }) {
    const cursor = validatorOf(headers)
    const emitState = (data: Payload, error: PushError | undefined) => {
      if (status === 304 || status === 408 || data.length === 0) emit({ type: 'alive', cursor })
      // A state without a validator cannot be compared with a later one.
      else emit({ type: 'message', data, event: 'message', cursor: cursor ?? '', error })
    }
    const { feed, end } = bodyCollector(headers.get('content-type'), emitState, maxMessageBytes)
    return {
      feed,
      end() {
        end()
        return false
      },
    }
  },
})

function validatorOf(headers: Headers): string | undefined {
  const etag = headers.get('etag')
  if (etag) return `etag ${etag}`
  const modified = headers.get('last-modified')
  return modified ? `modified ${modified}` : undefined
}

function condition(validator: string | undefined): Record<string, string> {
  if (validator?.startsWith('etag ')) return { 'If-None-Match': validator.slice(5) }
  if (validator?.startsWith('modified ')) return { 'If-Modified-Since': validator.slice(9) }
  return {}
}
