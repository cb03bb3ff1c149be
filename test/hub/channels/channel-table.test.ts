import { expect, test } from 'vitest'
import type { Channel } from '../../../src/hub/channels/channel.ts'
import { createChannelTable, type Publisher } from '../../../src/hub/channels/channel-table.ts'

type Row = readonly [name: string, by: Publisher, subscribers: number]

/** Fills a table of two channels, and returns the channel that is removed for a third one. */
function evicted(rows: readonly Row[], by: Publisher): string | undefined {
  const table = createChannelTable(2)
  for (const [name, publisher, subscribers] of rows) {
    const channel = { subscribers, publishedAt: undefined } as unknown as Channel
    table.published(table.add(name, channel), publisher)
  }
  try {
    return table.evictFor(by)?.name
  } catch {
    return 'too-many-channels'
  }
}

test.for<
  [description: string, rows: readonly Row[], forRequest: string | undefined, forApplication: string | undefined]
>([
  ['there is room', [['a', 'request', 0]], undefined, undefined],
  [
    'the oldest channel without subscribers',
    [
      ['a', 'request', 1],
      ['b', 'request', 0],
    ],
    'b',
    'b',
  ],
  [
    'all have subscribers',
    [
      ['a', 'request', 1],
      ['b', 'request', 1],
    ],
    'too-many-channels',
    undefined,
  ],
  [
    'a channel of the application stays',
    [
      ['a', 'application', 0],
      ['b', 'request', 0],
    ],
    'b',
    'b',
  ],
  [
    'all are of the application',
    [
      ['a', 'application', 0],
      ['b', 'application', 0],
    ],
    'too-many-channels',
    'too-many-channels',
  ],
])('makes room for another channel: %s', ([, rows, forRequest, forApplication]) => {
  expect([evicted(rows, 'request'), evicted(rows, 'application')]).toEqual([forRequest, forApplication])
})
