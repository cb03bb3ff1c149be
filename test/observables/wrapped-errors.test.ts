import { afterEach, expect, test } from 'vitest'
import { defineChannel, type PushClientOptions, type PushEvent } from 'pinia-push/observables'
import { createTestingClient } from 'pinia-push/testing'

let close = () => {}
afterEach(() => close())

function read(definition: Omit<Parameters<typeof defineChannel>[0], 'url'> = {}, options: PushClientOptions = {}) {
  const client = createTestingClient(options)
  close = () => client.push.close()
  const channel = client.push.channel(defineChannel({ url: '/a', ...definition } as { url: string })())
  const events: PushEvent<unknown>[] = []
  channel.events$.subscribe((event) => events.push(event))
  const messages = () => events.flatMap((event) => ('error' in event && event.error ? [event.error.message] : []))
  return { ...client, channel, messages }
}
const fails = (text: string) => () => {
  throw new Error(text)
}

test.for(['no comma', 'no comma.'])('an error of `decode` names the cause "%s" and the fix', (cause) => {
  const { technique, messages } = read({ decode: fails(cause) })
  technique.latest.open()
  technique.latest.message(1)
  expect(messages()).toEqual(['Message not decoded: no comma. Correct `decode` or the publisher.'])
})

test('an error of `encode` names the cause and the fix', async () => {
  const { channel } = read({ encode: fails('no id') })
  await expect(channel.send(1)).rejects.toThrow('Message not encoded: no id. Correct `encode` or the data.')
})

test('an error of `prepareRequest` names the cause and the fix', () => {
  const { messages } = read({}, { prepareRequest: fails('no token') })
  expect(messages()).toEqual(['prepareRequest() failed: no token. Correct the function.'])
})

test('a mistake in code names the cause and the fix', () => {
  const mistake = (): never => {
    throw new TypeError('x is not a function')
  }
  const { messages } = read({}, { prepareRequest: mistake })
  expect(messages()).toEqual([
    'A technique, a backend or a function of the application threw: x is not a function. Fix it.',
  ])
})
