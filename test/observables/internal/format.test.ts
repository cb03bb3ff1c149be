import { expect, test } from 'vitest'
import { reason, redactQuery } from '../../../src/observables/internal/format.ts'

test.for([
  ['https://a.example/x?token=secret', 'https://a.example/x'],
  ['https://a.example/x#secret', 'https://a.example/x'],
  ['https://user:secret@a.example/x', 'https://a.example/x'],
  ['http:user:secret@a.example/x', 'http:a.example/x'],
  ['//user:secret@a.example', '//a.example'],
  ['/@user/feed', '/@user/feed'],
  ['https://a.example/@user/feed', 'https://a.example/@user/feed'],
] as const)('%s is shown as %s', ([url, expected]) => {
  expect(redactQuery(url)).toBe(expected)
})

test('a reason shows the URLs in it without their secrets', () => {
  const cause = new TypeError(
    "Failed to construct 'WebSocket': The URL 'wss://u:secret@a.example/x?token=secret' is invalid.",
  )
  expect(reason(cause)).toBe("Failed to construct 'WebSocket': The URL 'wss://a.example/x' is invalid.")
})
