// @vitest-environment jsdom
// @vitest-environment-options { "url": "https://app.example/" }
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { PushError } from 'pinia-push/observables'
import { createTestingClient } from 'pinia-push/testing'

const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
beforeEach(() => void warned.mockClear())
const sentences = () => warned.mock.calls.map(([sentence]) => String(sentence))

function read(url = 'https://app.example/news') {
  const testing = createTestingClient({ warnings: true })
  const channel = testing.push.channel(url)
  const reading = channel.messages$.subscribe()
  onTestFinished(() => reading.unsubscribe())
  return { ...testing, channel }
}
const unreachable = () => new PushError('network-error', 'It cannot be reached.')

describe('development is warned', () => {
  test('once for each cause, however often it is tried', () => {
    const { technique, channel } = read()
    for (let n = 0; n < 3; n += 1) {
      technique.latest.drop(unreachable())
      channel.reconnect()
    }
    technique.latest.drop(new PushError('unexpected-response', 'It was text/html.', { status: 200 }))
    expect(sentences()).toEqual([
      '[pinia-push] https://app.example/news: It cannot be reached.',
      '[pinia-push] https://app.example/news: It was text/html.',
    ])
  })

  test('of another origin, with the headers that it must send', () => {
    const { technique } = read('https://api.example/news')
    technique.latest.drop(unreachable())
    expect(sentences()).toEqual([expect.stringContaining('Access-Control-Allow-Origin: https://app.example')])
  })

  test.for(['http://api.example/news', 'ws://api.example/news'])('of %s in a page of https', (url) => {
    const { technique } = read(url)
    technique.latest.drop(unreachable())
    expect(sentences()).toEqual([expect.stringContaining('with TLS')])
  })

  test.for([
    [401, '`prepareRequest`'],
    [403, '`prepareRequest`'],
    [404, 'Check the path'],
  ] as const)('of %i, with the fix', ([status, hint]) => {
    const { technique, channel } = read()
    while (channel.status !== 'failed') {
      technique.latest.drop(new PushError('rejected', 'The server refused it.', { status }))
      if (channel.status === 'reconnecting') channel.reconnect()
    }
    expect(sentences()).toEqual([expect.stringContaining(hint)])
  })

  test('of messages that cannot be decoded, once', () => {
    const { technique } = read()
    technique.latest.open()
    technique.latest.invalid()
    technique.latest.invalid()
    expect(sentences()).toHaveLength(1)
  })

  test('not of an outage after it was open', () => {
    const { technique, channel } = read()
    technique.latest.open()
    technique.latest.drop()
    channel.reconnect()
    technique.latest.drop(unreachable())
    expect(sentences()).toEqual([])
  })

  test('of nothing if `warnings` is false', () => {
    const { push, technique } = createTestingClient()
    const reading = push.channel('/news').messages$.subscribe()
    technique.latest.drop(unreachable())
    expect(sentences()).toEqual([])
    reading.unsubscribe()
  })
})
