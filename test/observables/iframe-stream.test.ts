// @vitest-environment jsdom
import { expect, onTestFinished, test } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { createPushClient, iframeStream, standard } from 'pinia-push/observables'

/** Returns the first frame that the hub's page posts: the argument of the function that its second script calls. */
async function firstFrame(url: string): Promise<string> {
  const response = await fetch(url)
  let page = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    page += new TextDecoder().decode(chunk)
    const argument = /f\(("(?:[^"\\]|\\.)*")\)<\/script>/.exec(page)?.[1]
    if (argument !== undefined) return String(JSON.parse(argument))
  }
  throw new Error('The page ended without a frame.')
}

test('iframeStream with standard() fails at the hub, and the error names nchan()', async () => {
  const hub = createHub()
  const { url, close } = await hub.listen()
  onTestFinished(close)
  const push = createPushClient({
    technique: iframeStream(),
    backend: standard(),
    baseUrl: `${url}/push/`,
    warnings: false,
  })
  onTestFinished(() => push.close())
  const types: string[] = []
  const channel = push.channel('a')
  channel.events$.subscribe(({ type }) => types.push(type))
  const frame = document.querySelector('iframe')
  if (!frame) throw new Error('There is no frame.')
  // jsdom loads a document only at its end, so the test posts what the page would post.
  const source = new URL(frame.src)
  source.searchParams.set('frame_parent', url)
  const data = { push: source.searchParams.get('frame'), frame: await firstFrame(source.href) }
  window.dispatchEvent(new MessageEvent('message', { source: frame.contentWindow, origin: url, data }))
  expect(types).toEqual(['connecting', 'reconnecting'])
  expect(channel.state.error).toMatchObject({
    code: 'unexpected-response',
    message: expect.stringContaining('nchan()'),
  })
})
