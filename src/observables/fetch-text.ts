import { EMPTY, type Observable } from 'rxjs'
import type { Address, AnswerHead, Emit } from './dialects/dialect.ts'
import type { Verdict } from './dialects/verdict.ts'
import { PushError } from './errors.ts'
import type { SourceEvent } from './event.ts'
import { shown } from './in-words.ts'
import { readBody, refusal, request } from './request.ts'

export interface FetchTextOptions {
  technique: string
  address: Address
  /** Media types to ask for. */
  accept: string
  credentials: RequestCredentials
  verdict: (head: AnswerHead) => Verdict
  /** Whether an answer is of the kind that can be read. */
  fits?: (type: string) => boolean
  /** Whether the server says something at once. */
  greets: ((head: AnswerHead) => boolean) | undefined
  /** Reads the text as it comes. */
  read: (head: AnswerHead, emit: Emit) => (text: string) => void
}

/** One answer that does not end, read by fetch as text. */
export function fetchText({
  technique,
  address: { url, headers, space, continuity, ownCursors },
  accept,
  credentials,
  verdict: judge,
  fits = () => true,
  greets,
  read,
}: FetchTextOptions): Observable<SourceEvent> {
  return request({ url, headers: { Accept: accept, ...headers }, credentials }, (response) => {
    const verdict = judge(response)
    if (verdict === 'end') return EMPTY
    if (verdict !== 'accept') return refusal(response, verdict)
    if (!fits(response.headers.get('content-type') ?? '')) return refusal(response, 'again')
    return readBody(response, (emit) => {
      const resumed = continuity === 'resumed'
      emit({ type: 'open', technique, space, resumed, ownCursors, greets: greets?.(response) ?? false })
      const utf8 = new TextDecoder()
      const feed = read(response, emit)
      return {
        feed: (chunk) => feed(utf8.decode(chunk, { stream: true })),
        end() {
          throw new PushError('lost', `${shown(url)}: the stream ended`, { technique })
        },
      }
    })
  })
}
