import { Observable } from 'rxjs'
import {
  ALIVE,
  PushError,
  selectPart,
  standardEventStream,
  eventStream,
  type PushErrorCode,
  type SourceEvent,
  type Technique,
} from 'pinia-push/kit'

/** A technique outside of the package that opens its own connection, by fetch and without the helpers for requests. */
export function ownStream(): Technique {
  return {
    name: 'ownStream',
    isSupported: () => typeof fetch === 'function',
    connect: (request) =>
      new Observable<SourceEvent>((subscriber) => {
        const backend = selectPart(request.backend, 'eventStream', standardEventStream)
        const { url, headers, namespace, resume } = backend.buildRequest(request, true)
        const abort = new AbortController()
        const fail = (code: PushErrorCode, message: string) => subscriber.error(new PushError(code, message))
        const read = async () => {
          const response = await fetch(url, {
            headers: { Accept: 'text/event-stream', ...headers },
            signal: abort.signal,
          })
          if (backend.verdict(response, request) !== 'accept') return fail('rejected', `status ${response.status}`)
          subscriber.next({ type: 'open', technique: 'ownStream', namespace, resumed: resume === 'yes' })
          const feed = eventStream({
            event: backend.read(
              response,
              (event) => (event === 'end' ? subscriber.complete() : subscriber.next(event)),
              request,
            ),
            id: (cursor) => subscriber.next({ type: 'alive', cursor }),
            comment: () => subscriber.next(ALIVE),
            retry: (delay) => subscriber.next({ type: 'retry', delay }),
          })
          const utf8 = new TextDecoder()
          for await (const chunk of response.body ?? []) feed(utf8.decode(chunk, { stream: true }))
          fail('connection-lost', 'the response ended')
        }
        read().catch((cause: unknown) => fail('network-error', String(cause)))
        return () => abort.abort()
      }),
  }
}
