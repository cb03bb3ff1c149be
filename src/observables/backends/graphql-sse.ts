import { checkNumbers } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { END, type Backend } from './backend.ts'
import { messageOf } from './graphql-ws/results.ts'
import { fieldsOf } from './json-frame.ts'
import { unexpectedServer } from './recognize-server.ts'
import { EVENT_STREAM_END, statusVerdicts } from './verdict.ts'

export interface GraphqlSseOptions {
  /** The longest silence of a healthy stream, in ms; `Infinity` if your server sends no comments. @default 12_000 */
  heartbeat?: number
}

/** How often the reference server sends a comment, in ms. */
const HEARTBEAT = 12_000

/**
 * Creates the backend for GraphQL over Server-Sent Events with one connection per subscription ("distinct connections"), as
 * the library `graphql-sse`, Yoga and others serve it. It supports `sse()`. The URL has the subscription (`query`, `variables`),
 * or the request has it as its body.
 *
 * The data of a message is the `data` of a result. A result with `errors` is an `invalid` message. `complete` closes the
 * channel. The protocol has no cursor, so each reconnect emits a `gap`.
 *
 * @throws PushError `invalid-option` if `heartbeat` is below one.
 * @see https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
 * @example
 * const push = createPush({ technique: sse(), backend: graphqlSse() })
 * const prices = defineChannel({ url: `/graphql/stream?query=${encodeURIComponent('subscription { price }')}` })
 * @example sse({ method: 'POST', body: { query, variables }, idempotent: true })
 */
export function graphqlSse({ heartbeat = HEARTBEAT }: GraphqlSseOptions = {}): Backend {
  checkNumbers('graphqlSse', { heartbeat }, 1)
  return {
    name: 'graphqlSse',
    heartbeat: heartbeat === Infinity ? undefined : heartbeat,
    eventStream: {
      buildRequest: ({ url, headers }) => ({ url, headers, namespace: 'graphql-sse', resume: 'no' }),
      verdict: statusVerdicts(EVENT_STREAM_END),
      eventNames: ['next', 'complete'],
      endsByEvent: true,
      comment: () => 'again',
      read:
        (_, emit) =>
        ({ event, data }) => {
          if (event === 'complete') emit(END)
          else if (event === 'next')
            emit({ type: 'message', ...messageOf(fieldsOf(JSON.parse(data)), () => undefined) })
          else throw unexpectedServer(DEV && 'GraphQL', DEV && 'an event is neither `next` nor `complete`')
        },
    },
  }
}
