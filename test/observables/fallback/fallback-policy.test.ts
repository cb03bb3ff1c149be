import { describe, expect, test } from 'vitest'
import { PushError, type PushErrorCode } from 'pinia-push/observables'
import { judgeFailure, mostRelevant } from '../../../src/observables/fallback/fallback-policy.ts'

const LIMITS = { minUptime: 5_000, maxShortSessions: 3 }
const errorOf = (code: PushErrorCode) => new PushError(code, `about ${code}`, { technique: 'sse' })

describe('before a technique is open', () => {
  test.each<[PushErrorCode, 'try-next' | 'keep']>([
    ['unsupported', 'try-next'],
    ['headers-unsupported', 'try-next'],
    ['connect-timeout', 'try-next'],
    ['heartbeat-timeout', 'try-next'],
    ['rejected', 'try-next'],
    ['unexpected-response', 'try-next'],
    ['connection-limit', 'try-next'],
    ['invalid-url', 'try-next'],
    ['network-error', 'try-next'],
    ['connection-lost', 'try-next'],
    ['unauthorized', 'keep'],
    ['unavailable', 'keep'],
    ['cursor-lost', 'keep'],
    ['prepare-failed', 'keep'],
    ['exception', 'keep'],
  ])('after %s: %s', (code, type) =>
    expect(judgeFailure(errorOf(code), { uptime: undefined, shortSessions: 2 }, LIMITS).type).toBe(type),
  )
})

describe('after a technique was open', () => {
  test.each([
    ['a short session counts', 'connection-lost', 4_999, 0, { type: 'keep', shortSessions: 1, stable: false }],
    ['a longer one resets the count', 'connection-lost', 5_000, 2, { type: 'keep', shortSessions: 0, stable: false }],
    ['a long one is stable', 'connection-lost', 60_000, 2, { type: 'keep', shortSessions: 0, stable: true }],
    [
      'too many short ones in a row make it fall back',
      'connection-lost',
      0,
      2,
      { type: 'fall-back', shortSessions: 0, stable: false, reason: 'sse disconnected 3 times within 5000 ms' },
    ],
    [
      'silence makes it fall back at once',
      'heartbeat-timeout',
      60_000,
      0,
      { type: 'fall-back', shortSessions: 0, stable: true, reason: 'about heartbeat-timeout' },
    ],
    [
      'silence after a short time counts as a short session too',
      'heartbeat-timeout',
      1_000,
      1,
      { type: 'fall-back', shortSessions: 2, stable: false, reason: 'about heartbeat-timeout' },
    ],
  ] as const)('%s', (_, code, uptime, shortSessions, expected) =>
    expect(judgeFailure(errorOf(code), { uptime, shortSessions }, LIMITS)).toEqual(expected),
  )
})

describe('if every technique failed, the error is', () => {
  test.each<[string, PushErrorCode[], PushErrorCode | undefined]>([
    [
      'a response that was not of the technique',
      ['network-error', 'rejected', 'unexpected-response'],
      'unexpected-response',
    ],
    ['the first one that a retry may resolve', ['rejected', 'connect-timeout', 'network-error'], 'connect-timeout'],
    ['the first one, if a retry cannot help', ['unsupported', 'rejected'], 'unsupported'],
    ['none, if there was no failure', [], undefined],
  ])('%s', (_, codes, expected) => expect(mostRelevant(codes.map(errorOf))?.code).toBe(expected))
})
