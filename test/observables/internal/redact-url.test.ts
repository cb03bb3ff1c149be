import { expect, test } from 'vitest'
import { errorMessage, redactUrl } from '../../../src/observables/internal/redact-url.ts'

test.for([
  ['https://a.example/x?token=secret', 'https://a.example/x'],
  ['https://a.example/x#secret', 'https://a.example/x'],
  ['https://user:secret@a.example/x', 'https://a.example/x'],
  ['http:user:secret@a.example/x', 'http:a.example/x'],
  ['//user:secret@a.example', '//a.example'],
  ['/@user/feed', '/@user/feed'],
  ['https://a.example/@user/feed', 'https://a.example/@user/feed'],
] as const)('%s is shown as %s', ([url, expected]) => {
  expect(redactUrl(url)).toBe(expected)
})

test('an error message shows URLs without their secrets', () => {
  const cause = new TypeError(
    "Failed to construct 'WebSocket': The URL 'wss://u:secret@a.example/x?token=secret' is invalid.",
  )
  expect(errorMessage(cause)).toBe("Failed to construct 'WebSocket': The URL 'wss://a.example/x' is invalid.")
})
