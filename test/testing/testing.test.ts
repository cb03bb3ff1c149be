import { describe, expect, test } from 'vitest'
import { createTestingClient, virtualTime } from 'pinia-push/testing'

const read = (...options: Parameters<typeof createTestingClient>) => {
  const testing = createTestingClient(...options)
  const seen: string[] = []
  const reader = testing.push.channel('/news').events$.subscribe((event) => {
    seen.push(
      event.type === 'message'
        ? `message ${String(event.data)}`
        : event.type === 'gap'
          ? `gap ${event.reason}`
          : event.type,
    )
  })
  return { ...testing, seen, reader }
}

describe('virtual time', () => {
  test('runs the timers that are due, in order, including those that they set, and no others', () => {
    const time = virtualTime()
    const ran: string[] = []
    time.schedule(() => ran.push(`late ${time.now()}`), 20)
    time.schedule(() => {
      ran.push(`early ${time.now()}`)
      time.schedule(() => ran.push(`set ${time.now()}`), 5)
    }, 10)
    time.schedule(() => ran.push('never'), 21)
    time.advance(20)
    expect(ran).toEqual(['early 10', 'set 15', 'late 20'])
    expect([time.now(), time.pending]).toEqual([20, 1])
  })
})

describe('a mock connection', () => {
  test('resumes after a drop, also before the first message', async () => {
    const { technique, seen, advance } = read()
    technique.latest.open()
    technique.latest.drop()
    await advance(250)
    expect(technique.latest.request.cursor).toEqual({ namespace: 'standard', value: 'c0' })
    technique.latest.open()
    technique.latest.message('one')
    expect(seen).toEqual(['connecting', 'open', 'reconnecting', 'connecting', 'open', 'message one'])
  })

  test('that does not resume causes a gap', async () => {
    const { technique, seen, advance } = read({ mock: { resumes: false } })
    technique.latest.open()
    technique.latest.message('one')
    technique.latest.drop()
    await advance(250)
    technique.latest.open()
    expect(seen.slice(-2)).toEqual(['open', 'gap not-resumed'])
  })

  test('hangs until the client gives up', () => {
    const { technique, seen, time } = read()
    technique.latest.hang()
    time.advance(5_000)
    expect([technique.latest.closed, seen.at(-1)]).toEqual([true, 'reconnecting'])
  })

  test('simulates heartbeats, silence, rejections and the end', async () => {
    const { technique, seen, time, advance } = read()
    technique.latest.open({ heartbeat: 1_000 })
    time.advance(5_000)
    technique.latest.alive()
    time.advance(5_000)
    expect(technique.latest.closed).toBe(false)
    time.advance(1_000)
    expect(seen.at(-1)).toBe('reconnecting')
    await advance(250)
    technique.latest.open()
    technique.latest.end()
    expect(seen.at(-1)).toBe('closed')
  })

  test('throws an error that names the mistake of the test', () => {
    const { technique, reader } = read()
    expect(() => technique.latest.message('early')).toThrow('Call open() first.')
    reader.unsubscribe()
    expect(() => technique.latest.open()).toThrow('the client closed this connection')
    expect(() => createTestingClient().technique.latest).toThrow('nothing has connected yet')
  })

  test('that stays open is a leak, and so is a timer', async () => {
    const { technique, assertNoLeaks, reader } = read()
    expect(assertNoLeaks).toThrow('1 connections are still open: http://push.test/news')
    technique.latest.drop()
    expect(assertNoLeaks).toThrow('1 timers are still set')
    reader.unsubscribe()
    assertNoLeaks()
  })
})
