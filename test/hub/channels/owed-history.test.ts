import { describe, expect } from 'vitest'
import { STREAMS, ask, numbered, range, readNumbers, subscribers, test, until } from '../mounted.ts'

/** More than kernels take for a connection that is not read. */
const SIZE = 24_000
const COUNT = 1_000
const KEEPS_ALL = { startFrom: 'oldest', history: { bytes: SIZE * COUNT } } as const

describe.each(STREAMS)('%s', (_, asked) => {
  test('receives every message once and in order, while it reads kept messages and others are published', async ({
    mount,
  }) => {
    const { hub, ...ports } = await mount({
      ...KEEPS_ALL,
      maxBufferedBytes: 1_000_000,
      history: { bytes: 3 * SIZE * COUNT },
    })
    let published = 0
    const publish = (count: number) => {
      for (const end = published + count; published < end; published += 1) hub.publish('a', numbered(published, SIZE))
    }
    publish(COUNT)
    const socket = ask(ports, asked)
    await subscribers(hub, 1)
    // Each time that the client has read some, there is one more.
    socket.on('data', () => publish(published < COUNT + 200 ? 1 : 0))
    const seen = readNumbers(socket)
    socket.resume()
    await until(() => seen.length >= COUNT + 200 || socket.closed)
    publish(5)
    await until(() => seen.length >= COUNT + 205 || socket.closed)
    expect(seen).toEqual(range(0, COUNT + 205))
  })

  test('receives a gap if messages expire before it reads them, and continues', async ({ mount }) => {
    const { hub, ...ports } = await mount(KEEPS_ALL)
    for (let n = 0; n < COUNT; n += 1) hub.publish('a', numbered(n, SIZE))
    const socket = ask(ports, asked)
    await subscribers(hub, 1)
    for (let n = COUNT; n < 2 * COUNT; n += 1) hub.publish('a', numbered(n, SIZE))
    const seen = readNumbers(socket)
    socket.resume()
    await until(() => seen.at(-1) === 2 * COUNT - 1 || socket.closed)
    const gap = seen.indexOf('gap')
    expect(gap).toBeGreaterThan(0)
    expect(seen).toEqual([...range(0, gap), 'gap', ...range(COUNT, 2 * COUNT)])
  })

  test('receives all kept messages before the end of the channel', async ({ mount }) => {
    const { hub, ...ports } = await mount({ ...KEEPS_ALL, maxBufferedBytes: 2 * SIZE * COUNT })
    for (let n = 0; n < COUNT; n += 1) hub.publish('a', numbered(n, SIZE))
    const socket = ask(ports, asked)
    await subscribers(hub, 1)
    hub.delete('a')
    const seen = readNumbers(socket)
    socket.resume()
    await until(() => seen.includes('end') || socket.closed)
    expect(seen).toEqual([...range(0, COUNT), 'end'])
  })

  test('receives a gap before the end if more messages are kept than may wait', async ({ mount }) => {
    const { hub, ...ports } = await mount({ ...KEEPS_ALL, maxBufferedBytes: SIZE * 10 })
    for (let n = 0; n < COUNT; n += 1) hub.publish('a', numbered(n, SIZE))
    const socket = ask(ports, asked)
    await subscribers(hub, 1)
    hub.delete('a')
    const seen = readNumbers(socket)
    socket.resume()
    await until(() => seen.includes('end') || socket.closed)
    const gap = seen.indexOf('gap')
    expect(gap).toBeGreaterThan(0)
    expect(seen).toEqual([...range(0, gap), 'gap', 'end'])
  })
})

test('200 clients that request the whole history and read nothing cost little, and are closed', async ({ mount }) => {
  let asked = 0
  const { hub, connections, ...ports } = await mount({
    startFrom: 'oldest',
    history: { count: 24_000, bytes: 24_000_000 },
    stallTimeout: 1_000,
    authorize: () => (asked += 1) > 0,
  })
  for (let n = 0; n < 24_000; n += 1) hub.publish('a', numbered(n, 1_000))
  const before = process.memoryUsage.rss()
  let most = before
  for (let n = 0; n < 40; n += 1) for (const [, bytes] of STREAMS) ask(ports, bytes)
  await until(() => {
    most = Math.max(most, process.memoryUsage.rss())
    return asked === 200 && connections() === 0 && hub.state('a')?.subscribers === 0
  })
  // 24 MB for each would be 4,800 MB.
  expect(most - before).toBeLessThan(250_000_000)
})
