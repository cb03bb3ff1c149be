import { Observable } from 'rxjs'
import type { Technique } from '../observables/index.ts'
import { mockConnection, type MockConnection } from './mock-connection.ts'

export interface MockTechniqueOptions {
  /** @default 'scripted' */
  name?: string
  /** Whether messages carry cursors, and a connection goes on from the one it is asked with. @default true */
  resumes?: boolean
  /** Whether the client can send on a connection. @default true */
  sends?: boolean
  /** The namespace of its cursors. @default 'scripted'; a testing client's: its backend's */
  namespace?: string
}

/** A technique whose connections do what a test says. */
export interface MockTechnique extends Technique {
  /** Every connection attempt so far, the closed ones too. */
  readonly connections: readonly MockConnection[]
  /** The newest. Throws where nothing connected yet. */
  readonly latest: MockConnection
}

/**
 * A technique without a network: each connection is driven by the test.
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
      if (!latest) throw new Error('nothing connected yet: does anything read the channel?')
      return latest
    },
    isSupported: () => true,
    connect: (request) =>
      new Observable((subscriber) => {
        connections.push(mockConnection({ name, namespace, sends, resumes, request, subscriber, cursors }))
      }),
  }
}
