import { describe, expect, test } from 'vitest'
import { ref } from 'vue'
import {
  createPushClient,
  defineChannel,
  durableStreams,
  mercure,
  pageLife,
  plain,
  sse,
  webSocket,
} from 'pinia-push/observables'

/** A wrong option as a user writes it, and what the error names: the option, and what to write instead. */
const WRONG: Record<string, [give: () => unknown, named: RegExp]> = {
  'a subprotocol that no host sends': [
    () => plain({ subprotocols: ['v1', 'a b'] }),
    /`subprotocols` of plain\(\) has a name at index 1 .*Use letters/,
  ],
  'an empty subprotocol': [() => plain({ subprotocols: [''] }), /index 0/],
  'a subprotocol that is in no list': [() => plain({ subprotocols: 'v1' as never }), /must be a list of names/],
  'a hello that is no function': [() => plain({ hello: 'login' as never }), /`hello` of plain\(\).*function/],
  'an answer that is no function': [() => plain({ answer: 'pong' as never }), /`answer` of plain\(\).*function/],
  'a heartbeat that sends nothing': [
    () => plain({ heartbeat: { every: 1_000 } as never }),
    /`heartbeat.send` of plain\(\).*text, bytes or a function/,
  ],
  'heartbeat events in no list': [
    () => plain({ heartbeatEvents: 'ping' as never }),
    /`heartbeatEvents` of plain\(\).*list of names/,
  ],
  'a verdict on a status that is none': [
    () => plain({ statuses: { 404: 'retyr' as never } }),
    /`statuses` of plain\(\).*404.*retyr.*retry/,
  ],
  'a verdict on a close code that is none': [
    () => plain({ closes: { 4001: 'fatal' as never } }),
    /`closes` of plain\(\).*4001.*fatal.*final/,
  ],
  'a beginning that mercure() does not know': [
    () => mercure({ from: 'start' as never }),
    /`from` of mercure\(\).*start.*now.*earliest/,
  ],
  'a beginning that durableStreams() does not know': [
    () => durableStreams({ from: 'earliest' as never }),
    /`from` of durableStreams\(\).*earliest.*start.*now/,
  ],
  'events of sse() in no list': [
    () => sse({ native: true, events: 'tick' as never }),
    /`events` of sse\(\).*list of names/,
  ],
  'a pause that is a ref': [
    () => pageLife({ pauses: { user: ref(false) as never }, signals: undefined }),
    /`pauses.user` of pageLife\(\).*Observable/,
  ],
  'a technique of a client that was not called': [
    () => createPushClient({ via: webSocket as never }),
    /Write `via: webSocket\(\)`/,
  ],
  'a technique of a channel that was not called': [
    () => createPushClient().channel(defineChannel({ url: 'http://push.test/', via: webSocket as never })()),
    /Write `via: webSocket\(\)`/,
  ],
  'a prepare that is no function': [
    () => createPushClient({ prepare: { headers: {} } as never }),
    /`prepare` of createPushClient\(\).*function/,
  ],
  'a life that is no function': [() => createPushClient({ life: {} as never }), /`life` cannot be used/],
}

describe('an option that cannot work is refused where it is given, and the error says what to write', () => {
  test.each(Object.entries(WRONG))('%s', (_, [give, named]) => {
    expect(give).toThrow(expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(named) }))
  })

  const RIGHT: Record<string, () => unknown> = {
    subprotocols: () => plain({ subprotocols: ['v1', 'base64url.-_~'] }),
    'functions of plain()': () => plain({ hello: () => 'hi', answer: () => undefined }),
    'a heartbeat of an empty text': () => plain({ heartbeat: { send: '', every: 1_000 } }),
    'a heartbeat of bytes': () => plain({ heartbeat: { send: new Uint8Array(), every: 1_000 } }),
    'a heartbeat that is made each time': () => plain({ heartbeat: { send: () => 'now', every: 1_000 } }),
    'heartbeat events': () => plain({ heartbeatEvents: ['ping'] }),
    'verdicts on statuses': () => plain({ statuses: { 404: 'retry', '5xx': 'final', 410: undefined } }),
    'verdicts on close codes': () => plain({ closes: { 4001: 'gap', private: 'end' } }),
    'a beginning of mercure()': () => mercure({ from: 'earliest' }),
    'a beginning of durableStreams()': () => durableStreams({ from: 'now' }),
    'a technique and a prepare': () => createPushClient({ via: webSocket(), prepare: () => undefined }),
  }
  test.each(Object.entries(RIGHT))('and one that works is taken: %s', (_, give) => {
    expect(give).not.toThrow()
  })
})
