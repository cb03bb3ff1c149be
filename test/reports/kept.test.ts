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
    '| `iframeStream` | hub | – <sup>1</sup> | 26 of 26 | – | 25 of 26 <sup>2</sup> |',
    '| `xhrStream` | nchan <sup>3</sup> | – <sup>1</sup> | 38 of 38 | – | – |',
    '| `polling` | hub | 38 of 38 | – | – | – |',
    '',
    expect.stringMatching(/^1\. does not run: Node has no /),
    expect.stringMatching(/^2\. is not told that a connection was refused.*WebKit/),
    expect.stringMatching(/^3\. sees no heartbeats.*multipart/),
  ])
})
