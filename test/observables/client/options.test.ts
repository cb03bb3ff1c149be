import { describe, expect, test } from 'vitest'
import { createPush } from 'pinia-push'
import { createPushClient, nchan, sse } from 'pinia-push/observables'

/** Options as JavaScript may give them, past the types. */
const given = (options: object) => () => createPushClient(options)
const invalid = (message: string) => expect.objectContaining({ code: 'invalid-option', message })

describe('createPushClient', () => {
  test.for([5, 'nchan', null, true])('rejects the backend %s', (backend) => {
    expect(given({ backend })).toThrow(
      invalid(
        `Invalid option \`backend\`: it is ${backend === null ? '"null"' : `"${backend}"`}. Give what a function of this library returns.`,
      ),
    )
  })

  test('rejects a backend that was not called', () => {
    expect(given({ backend: nchan })).toThrow(
      invalid('Invalid option `backend`: nchan was not called. Write `backend: nchan()`.'),
    )
  })

  test('rejects an option that it does not have, so that a spelling mistake does not go unnoticed', () => {
    const message = 'Invalid option `backends` of createPushClient(): there is no such option. Check its spelling.'
    expect(given({ backends: nchan() })).toThrow(invalid(message))
    const options: object = { backends: nchan() }
    expect(() => createPush(options)).toThrow(invalid(message))
  })

  test('accepts every limit of a connection', () => {
    const limits = { connectTimeout: 1, heartbeatInterval: 1, heartbeatGrace: 1, idleReconnectAfter: 1 }
    expect(given({ technique: sse(), ...limits })).not.toThrow()
  })
})
