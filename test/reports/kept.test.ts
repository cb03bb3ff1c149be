import { expect, test } from 'vitest'
import { keptTable } from './kept.ts'

test('has a row for each technique and server, a column for each engine, and a note with the reason for each limit', () => {
  const table = keptTable([
    { technique: 'iframeStream', server: 'hub', engine: 'webkit', kept: 25, of: 26 },
    { technique: 'iframeStream', server: 'hub', engine: 'chromium', kept: 26, of: 26 },
    { technique: 'xhrStream', server: 'nchan', engine: 'chromium', kept: 38, of: 38 },
    { technique: 'polling', server: 'hub', engine: 'node', kept: 38, of: 38 },
  ])
  expect(table.split('\n')).toEqual([
    '| technique | server | Node | Chromium | Firefox ESR | WebKitGTK |',
    '| --- | --- | --- | --- | --- | --- |',
    '| `iframeStream` | hub | – <sup>1</sup> | 26 of 26 | – <sup>2</sup> | 25 of 26 <sup>2, 3</sup> |',
    '| `xhrStream` | nchan <sup>4, 5</sup> | – <sup>1</sup> | 38 of 38 | – <sup>2</sup> | – <sup>2</sup> |',
    '| `polling` | hub | 38 of 38 | – | – <sup>2</sup> | – <sup>2</sup> |',
    '',
    expect.stringMatching(/^1\. does not run: Node has no /),
    expect.stringMatching(/^2\. runs only the promises that depend on the engine: Node and Chromium .*$/),
    expect.stringMatching(/^3\. does not see a refused connection.*WebKit/),
    expect.stringMatching(/^4\. runs only the promises that depend on the server's output: .* on the hub$/),
    expect.stringMatching(/^5\. receives no heartbeats.*multipart/),
  ])
})
