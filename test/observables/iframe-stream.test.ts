// @vitest-environment jsdom
import { expect, onTestFinished, test } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { createPushClient, iframeStream, standard } from 'pinia-push/observables'

/** What the hub's page posts first: the arguments of the function that its second script calls. */
async function firstFrame(url: string): Promise<string> {
  const response = await fetch(url)
  let page = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    page += new TextDecoder().decode(chunk)
    const said = /f\(("(?:[^"\\]|\\.)*")\)<\/script>/.exec(page)?.[1]
    if (said !== undefined) return String(JSON.parse(said))
  }
  throw new Error('the page ended')
}

test('iframeStream with standard() at the hub is one error that names the backend, and no message', async () => {
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
  if (!frame) throw new Error('there is no frame')
  // jsdom shows a document when it has come to its end, so what the page posts is posted here.
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
