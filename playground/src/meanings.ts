import type { PushErrorCode } from 'pinia-push'

/** What an error means to a person, and what can be done. One sentence each. */
export interface Meaning {
  means: string
  remedy: string
}

/** Total: a new code does not compile until it has its sentences. */
export const MEANINGS = {
  'network-error': {
    means: 'Nothing answers there: the server is stopped, or something in between refuses the connection.',
    remedy: 'Start the server or mend the network; it tries again by itself.',
  },
  unavailable: {
    means: 'The server is busy and asked to come back later.',
    remedy: 'Nothing to do: it comes back when the server said.',
  },
  'connection-lost': {
    means: 'The connection was cut.',
    remedy: 'Nothing to do: it reconnects and goes on from the last message.',
  },
  'connect-timeout': {
    means: 'The connection was accepted and nothing answered within five seconds.',
    remedy: 'Look for a proxy that hangs, or use a technique that passes it; it tries again by itself.',
  },
  'heartbeat-timeout': {
    means: 'The connection looked open and brought not one byte for longer than the server ever pauses.',
    remedy: 'Nothing to do: it was given up, and a new one goes on from the last message.',
  },
  'cursor-lost': {
    means: 'The server no longer knows where this page had got to.',
    remedy: 'Nothing to do: a gap is told, and the store takes a fresh snapshot.',
  },
  'unexpected-response': {
    means: 'Something answered that is not the push server, such as a sign-in page.',
    remedy: 'Check the address and what stands in between; it tries again by itself.',
  },
  rejected: {
    means: 'The server rejected the request for good: there is no such channel, for example.',
    remedy: 'Correct the address, then press Open.',
  },
  unauthorized: {
    means: 'The server rejected the user: signed out, or not allowed.',
    remedy: 'Sign in or correct the rights, then press Open. Here, Heal does both.',
  },
  unsupported: {
    means: 'This browser cannot do this technique.',
    remedy: 'Use another technique, or a newer browser.',
  },
  'headers-unsupported': {
    means: 'This technique cannot send the headers it was given.',
    remedy: 'Put the value into the query, or use a technique that reads by fetch.',
  },
  'connection-limit': {
    means:
      'Four of the six connections that HTTP/1.1 has for this origin are held; two are left for the page’s requests.',
    remedy: 'Use HTTP/2 or WebSocket, or close some (here: Heal).',
  },
  'prepare-failed': {
    means: 'What the request needs first, a fresh token say, could not be had.',
    remedy: 'Correct prepareRequest; it tries again by itself.',
  },
  'retries-exhausted': {
    means: 'It failed as often as the policy allows.',
    remedy: 'Press Open to try again, or allow more tries.',
  },
  'message-too-large': {
    means: 'One message is longer than this client reads; those before and after it were read.',
    remedy: 'Send less at once, or raise maxMessageBytes.',
  },
  'invalid-message': {
    means: 'One message could not be read; those before and after it were.',
    remedy: 'Mend the publisher or the schema.',
  },
  'async-schema': {
    means: 'The schema answers later, and order needs it to answer at once.',
    remedy: 'Use a synchronous schema, and check the rest in onMessage.',
  },
  'send-unsupported': {
    means: 'Neither this technique nor this server takes messages from the page.',
    remedy: 'Use WebSocket, or a backend that posts.',
  },
  'not-connected': {
    means: 'Nothing could be sent, because nobody reads this channel.',
    remedy: 'Read it first, or press Open.',
  },
  'buffer-full': {
    means: 'Too many messages wait to be sent.',
    remedy: 'Wait until the earlier ones are gone.',
  },
  'send-aborted': {
    means: 'The channel closed before the message was handed over.',
    remedy: 'Send it again if it still matters.',
  },
  'send-rejected': {
    means: 'The server did not take the message.',
    remedy: 'Mend the message or the rights to send it.',
  },
  'invalid-url': {
    means: 'The address of the channel is no HTTP or WebSocket address.',
    remedy: 'Write it whole, or relative to the page.',
  },
  'invalid-request': {
    means: 'The request cannot be made: one of its headers, say, cannot be sent.',
    remedy: 'Change what the message names, then press Open.',
  },
  exception: {
    means: 'There is a mistake in the code of the page.',
    remedy: 'Look at the cause in the console, mend it and reload.',
  },
  'invalid-option': {
    means: 'An option is out of its range.',
    remedy: 'Correct it; the message names it.',
  },
  'missing-technique': {
    means: 'No technique was named, so there is no way to connect.',
    remedy: 'Name one in createPush or in the channel.',
  },
  'client-closed': {
    means: 'The app has closed its push client.',
    remedy: 'Reload the page.',
  },
  'plugin-not-installed': {
    means: 'The app has no push plugin.',
    remedy: 'Add app.use(createPush(…)).',
  },
  'source-failed': {
    means: 'The function that names the channel threw.',
    remedy: 'Return null from it while there is nothing to read.',
  },
  'snapshot-failed': {
    means: 'The state to begin from could not be fetched.',
    remedy: 'Mend the snapshot; it is tried again by itself.',
  },
  'apply-failed': {
    means: 'The store could not apply a message.',
    remedy: 'Mend apply, then take a fresh snapshot.',
  },
} satisfies Record<PushErrorCode, Meaning>
