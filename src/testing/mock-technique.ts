import { Observable } from 'rxjs'
import type { Technique } from '../observables/index.ts'
import type { Conversation, SessionPort } from '../observables/session/conversation.ts'
import { mockConnection, type MockConnection, type OpenConnection } from './mock-connection.ts'

export interface MockTechniqueOptions {
  /** @default 'scripted' */
  name?: string
  /** Whether messages have cursors, and a connection resumes from the request's cursor. @default true */
  resumes?: boolean
  /** Whether the client can send on a connection. @default true */
  sends?: boolean
  /**
   * Whether a message to a topic that was not accepted when the connection was lost is sent again, as with `hub()`.
   * Otherwise it rejects, as with `jsonMessages()`. @default true
   */
  resends?: boolean
  /** The namespace of its cursors. @default 'scripted', or the backend's name in a testing client */
  namespace?: string
}

/** A technique whose connections are driven by the test. */
export interface MockTechnique extends Technique {
  /** Every connection attempt so far, including closed ones. */
  readonly connections: readonly MockConnection[]
  /** The newest attempt. Throws if there is none. */
  readonly latest: MockConnection
}

/** The mock technique, and the server that it connects to. */
export interface MockServer {
  readonly technique: MockTechnique
  readonly connections: readonly OpenConnection[]
  /** Begins the conversation of a connection with topics, while that opens. */
  readonly start: (port: SessionPort) => Conversation
}

/**
 * Creates a technique without a network, whose connections are driven by the test.
 *
 * @example
 * const technique = mockTechnique()
 * createPushClient({ technique, baseUrl: 'http://push.test' }).channel('/news').messages$.subscribe(show)
 * technique.latest.open()
 * technique.latest.message({ text: 'hello' })
 * technique.latest.drop()
 */
export const mockTechnique = (options?: MockTechniqueOptions): MockTechnique => mockServer(options).technique

/** Creates a mock technique, whose connections may have topics. */
export function mockServer({
  name = 'scripted',
  resumes = true,
  sends = true,
  resends = true,
  namespace = 'scripted',
}: MockTechniqueOptions = {}): MockServer {
  const connections: OpenConnection[] = []
  let begin: ((port: SessionPort) => Conversation) | undefined
  let number = 0
  const cursors = { next: () => `c${(number += 1)}`, last: () => `c${number}` }
  const shared = { name, namespace, sends, resumes, resends, cursors }
  const technique: MockTechnique = {
    name,
    connections,
    get latest() {
      const latest = connections.at(-1)
      if (!latest) throw new Error('There is no connection: nothing has connected yet. Subscribe to the channel first.')
      return latest
    },
    isSupported: () => true,
    connect: (request) =>
      new Observable((subscriber) => {
        connections.push(mockConnection({ ...shared, request, subscriber, opening: (next) => void (begin = next) }))
      }),
  }
  return {
    technique,
    connections,
    start(port) {
      if (!begin)
        throw new Error('A topic connected by a technique of its own. Define it without `technique` for tests.')
      return begin(port)
    },
  }
}
