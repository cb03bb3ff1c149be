import { Observable } from 'rxjs'
import type { Technique } from '../observables/index.ts'
import { mockConnection, type MockConnection } from './mock-connection.ts'

export interface MockTechniqueOptions {
  /** @default 'scripted' */
  name?: string
  /** Whether messages have cursors, and a connection resumes from the request's cursor. @default true */
  resumes?: boolean
  /** Whether the client can send on a connection. @default true */
  sends?: boolean
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
export function mockTechnique({
  name = 'scripted',
  resumes = true,
  sends = true,
  namespace = 'scripted',
}: MockTechniqueOptions = {}): MockTechnique {
  const connections: MockConnection[] = []
  let number = 0
  const cursors = { next: () => `c${(number += 1)}`, last: () => `c${number}` }
  return {
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
        connections.push(mockConnection({ name, namespace, sends, resumes, request, subscriber, cursors }))
      }),
  }
}
