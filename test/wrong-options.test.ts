import { describe, expect, test } from 'vitest'
import { ref } from 'vue'
import {
  backoff,
  createPushClient,
  defineChannel,
  durableStreams,
  fallback,
  mercure,
  pageLifecycle,
  standard,
  sse,
  webSocket,
} from 'pinia-push/observables'

/** A wrong option as a user writes it, and what the error names: the option, and what to write instead. */
const WRONG: Record<string, [give: () => unknown, named: RegExp]> = {
  'a subprotocol that no host sends': [
    () => standard({ subprotocols: ['v1', 'a b'] }),
    /`subprotocols` of standard\(\): it has a name at index 1 .*Use letters/,
  ],
  'an empty subprotocol': [() => standard({ subprotocols: [''] }), /index 0/],
  'a subprotocol that is in no list': [() => standard({ subprotocols: 'v1' as never }), /must be a list of names/],
  'a hello that is no function': [() => standard({ hello: 'login' as never }), /`hello` of standard\(\).*function/],
  'an answer that is no function': [() => standard({ answer: 'pong' as never }), /`answer` of standard\(\).*function/],
  'a heartbeat that sends nothing': [
    () => standard({ heartbeat: { every: 1_000 } as never }),
    /`heartbeat.send` of standard\(\).*text, bytes or a function/,
  ],
  'heartbeat events in no list': [
    () => standard({ heartbeatEvents: 'ping' as never }),
    /`heartbeatEvents` of standard\(\).*list of names/,
  ],
  'a verdict on a status that is none': [
    () => standard({ statuses: { 404: 'retyr' as never } }),
    /`statuses.404` of standard\(\).*retyr.*retry/,
  ],
  'a verdict on a close code that is none': [
    () => standard({ closes: { 4001: 'fatal' as never } }),
    /`closes.4001` of standard\(\).*fatal.*final/,
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
    () => pageLifecycle({ pauseWhen: { user: ref(false) as never }, signals: undefined }),
    /`pauseWhen.user` of pageLifecycle\(\).*Observable/,
  ],
  'an option that fallback() does not have': [
    () => fallback({ conectTimeout: 5 } as never, sse()),
    /`conectTimeout` of fallback\(\): there is no such option/,
  ],
  'a network change that is no Observable': [
    () => fallback({ networkChange$: 5 as never }, sse()),
    /`networkChange\$` of fallback\(\): it is "5". Give an Observable/,
  ],
  'a random number in place of a function': [
    () => fallback({ random: 0.5 as never }, sse()),
    /`random` of fallback\(\).*Give a function/,
  ],
  'a storage that stores nothing': [
    () => fallback({ storage: {} as never }, sse()),
    /`storage` of fallback\(\): it is an object.*localStorage/,
  ],
  'a technique of fallback() that was not called': [
    () => fallback(webSocket as never),
    /`arguments\[0\]` of fallback\(\): it is the function webSocket. Write fallback\(webSocket\(\)/,
  ],
  'a technique of fallback() that is missing': [
    () => fallback(sse(), undefined as never),
    /`arguments\[1\]` of fallback\(\): it is "undefined"/,
  ],
  'an option that backoff() does not have': [
    () => backoff({ maxTries: 5 } as never),
    /`maxTries` of backoff\(\): there is no such option/,
  ],
  'a technique of a client that was not called': [
    () => createPushClient({ technique: webSocket as never }),
    /Write `technique: webSocket\(\)`/,
  ],
  'a technique of a channel that was not called': [
    () => createPushClient().channel(defineChannel({ url: 'http://push.test/', technique: webSocket as never })()),
    /Write `technique: webSocket\(\)`/,
  ],
  'a prepare that is no function': [
    () => createPushClient({ prepareRequest: { headers: {} } as never }),
    /`prepareRequest` of createPushClient\(\).*function/,
  ],
  'a life that is no function': [() => createPushClient({ lifecycle: {} as never }), /`lifecycle`: it is an object/],
}

describe('an option that cannot work is rejected where it is passed, and the error names the fix', () => {
  test.each(Object.entries(WRONG))('%s', (_, [give, named]) => {
    expect(give).toThrow(expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(named) }))
  })

  const RIGHT: Record<string, () => unknown> = {
    subprotocols: () => standard({ subprotocols: ['v1', 'base64url.-_~'] }),
    'functions of standard()': () => standard({ hello: () => 'hi', answer: () => undefined }),
    'a heartbeat of an empty text': () => standard({ heartbeat: { send: '', every: 1_000 } }),
    'a heartbeat of bytes': () => standard({ heartbeat: { send: new Uint8Array(), every: 1_000 } }),
    'a heartbeat that is made each time': () => standard({ heartbeat: { send: () => 'now', every: 1_000 } }),
    'heartbeat events': () => standard({ heartbeatEvents: ['ping'] }),
    'verdicts on statuses': () => standard({ statuses: { 404: 'retry', '5xx': 'final', 410: undefined } }),
    'verdicts on close codes': () => standard({ closes: { 4001: 'gap', private: 'end' } }),
    'a beginning of mercure()': () => mercure({ from: 'earliest' }),
    'a beginning of durableStreams()': () => durableStreams({ from: 'now' }),
    'a technique and a prepare': () => createPushClient({ technique: webSocket(), prepareRequest: () => undefined }),
  }
  test.each(Object.entries(RIGHT))('and one that works is accepted: %s', (_, give) => {
    expect(give).not.toThrow()
  })
})
