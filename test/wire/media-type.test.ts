import { expect, test } from 'vitest'
import { accepts, isText, mediaType } from '../../src/wire/media-type.ts'

test.for([
  ['Text/Event-Stream; charset=utf-8', 'text/event-stream'],
  [' text/plain ', 'text/plain'],
  ['multipart/mixed;boundary="a;b"', 'multipart/mixed'],
  ['', ''],
  [null, ''],
  [undefined, ''],
] as const)('the media type of %j is %j', ([value, type]) => {
  expect(mediaType(value)).toBe(type)
})

test.for([
  ['text/html, Text/Event-Stream;q=0.9', true],
  ['text/event-streams', false],
  ['x-text/event-stream', false],
  [undefined, false],
] as const)('Accept: %s names an event stream: %s', ([accept, named]) => {
  expect(accepts(accept, 'text/event-stream')).toBe(named)
})

test.for([
  ['text/html', true],
  ['Application/JSON; charset=utf-8', true],
  ['image/svg+XML', true],
  ['application/vnd.x.y+json', true],
  ['application/jsonp', false],
  ['application/octet-stream', false],
  ['context/plain', false],
] as const)('%s is text: %s', ([type, text]) => {
  expect(isText(type)).toBe(text)
})
