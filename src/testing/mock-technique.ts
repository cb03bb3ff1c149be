import { Observable } from 'rxjs'
import type { Technique } from '../observables/index.ts'
import { scriptedConnection, type ScriptedConnection } from './mock-connection.ts'

export interface ScriptedOptions {
  /** @default 'scripted' */
  name?: string
  /** Whether messages carry cursors, and a connection goes on from the one it is asked with. @default true */
  resumes?: boolean
  /** Whether the client can send on a connection. @default true */
  sends?: boolean
  /** The space of its cursors. @default 'scripted'; a testing client's: its dialect's */
  space?: string
}

/** A technique whose connections do what a test says. */
export interface ScriptedTechnique extends Technique {
  /** Every connection attempt so far, the closed ones too. */
  readonly connections: readonly ScriptedConnection[]
  /** The newest. Throws where nothing connected yet. */
  readonly latest: ScriptedConnection
}

/**
 * A technique without a network: each connection is driven by the test.
 *
 * @example
 * const technique = scriptedTechnique()
 * createPushClient({ via: technique, base: 'http://push.test' }).channel('/news').messages$.subscribe(show)
 * technique.latest.open()
 * technique.latest.message({ text: 'hello' })
 * technique.latest.drop()
 */
export function scriptedTechnique({
  name = 'scripted',
  resumes = true,
  sends = true,
  space = 'scripted',
}: ScriptedOptions = {}): ScriptedTechnique {
  const connections: ScriptedConnection[] = []
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
        connections.push(scriptedConnection({ name, space, sends, resumes, request, subscriber, cursors }))
      }),
  }
}
