import type { PushErrorCode } from 'pinia-push'

/** What an error means, and what to do. One sentence each. */
export interface Meaning {
  means: string
  remedy: string
}

/** Total: a new code does not compile without its sentences. */
export const MEANINGS = {
  'network-error': {
    means: 'The server does not respond: it is stopped, or something in between rejects the connection.',
    remedy: 'Start the server or fix the network. Retries continue.',
  },
  unavailable: {
    means: 'The server is busy and asked the client to retry later.',
    remedy: 'Nothing to do: it retries at the time that the server set.',
  },
  'connection-lost': {
    means: 'The connection was cut.',
    remedy: 'Nothing to do: it reconnects and resumes from the last message.',
  },
  'connect-timeout': {
    means: 'The connection was accepted, but no response arrived within five seconds.',
    remedy: 'Look for a proxy that hangs, or use another technique. Retries continue.',
  },
  'heartbeat-timeout': {
    means: 'The connection was open, but not one byte arrived within the heartbeat interval.',
    remedy: 'Nothing to do: a new connection resumes from the last message.',
  },
  'cursor-lost': {
    means: 'The server no longer knows the last message of this page.',
    remedy: 'Nothing to do: a gap is emitted, and the store loads a new snapshot.',
  },
  'unexpected-response': {
    means: 'The response is not from the push server. It may be a sign-in page.',
    remedy: 'Check the URL, and the proxies in between. Retries continue.',
  },
  rejected: {
    means: 'The server rejected the request permanently: the channel may not exist.',
    remedy: 'Correct the URL, then press Open.',
  },
  unauthorized: {
    means: 'The server rejected the user: signed out, or not allowed.',
    remedy: 'Sign in or correct the rights, then press Open. Here, Heal does both.',
  },
  unsupported: {
    means: 'This browser does not support this technique.',
    remedy: 'Use another technique, or a newer browser.',
  },
  'headers-unsupported': {
    means: 'This technique cannot send the given headers.',
    remedy: 'Put the value into the query, or use a technique with fetch.',
  },
  'connection-limit': {
    means:
      'Four of the six connections that HTTP/1.1 allows for this origin are in use. Two are left for the page’s requests.',
    remedy: 'Use HTTP/2 or WebSocket, or close some (here: Heal).',
  },
  'prepare-failed': {
    means: 'prepareRequest() failed, so the request has no token, for example.',
    remedy: 'Correct prepareRequest. Retries continue.',
  },
  'retries-exhausted': {
    means: 'All retries that the policy allows have failed.',
    remedy: 'Press Open to retry, or allow more retries.',
  },
  'message-too-large': {
    means: 'One message is longer than this client allows. The others were read.',
    remedy: 'Send smaller messages, or raise maxMessageBytes.',
  },
  'invalid-message': {
    means: 'One message could not be parsed. The others were read.',
    remedy: 'Correct the publisher or the schema.',
  },
  'async-schema': {
    means: 'The schema is asynchronous, but the order of messages needs a synchronous one.',
    remedy: 'Use a synchronous schema, and validate the rest in onMessage.',
  },
  'send-unsupported': {
    means: 'Neither this technique nor this server accepts messages from the page.',
    remedy: 'Use WebSocket, or a backend that posts.',
  },
  'not-connected': {
    means: 'The message was not sent, because this channel has no reader.',
    remedy: 'Subscribe first, or press Open.',
  },
  'buffer-full': {
    means: 'Too many messages wait to be sent.',
    remedy: 'Wait until the earlier ones are sent.',
  },
  'send-aborted': {
    means: 'The channel closed before the message was sent.',
    remedy: 'Send it again if it still matters.',
  },
  'send-rejected': {
    means: 'The server rejected the message.',
    remedy: 'Correct the message, or the right to send it.',
  },
  'invalid-url': {
    means: 'The URL of the channel is not an HTTP or WebSocket URL.',
    remedy: 'Use an absolute URL, or one relative to the page.',
  },
  'invalid-request': {
    means: 'The request is invalid. A header may have an invalid value.',
    remedy: 'Correct the value that the message names, then press Open.',
  },
  exception: {
    means: 'The code of the page threw an error.',
    remedy: 'Fix the cause that the console shows, then reload.',
  },
  'invalid-option': {
    means: 'An option is out of its range.',
    remedy: 'Correct it. The message names it.',
  },
  'missing-technique': {
    means: 'No technique is configured, so the page cannot connect.',
    remedy: 'Set one in createPush or in the channel.',
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
    means: 'The function that returns the channel threw.',
    remedy: 'Return null to read no channel.',
  },
  'snapshot-failed': {
    means: 'The initial state could not be loaded.',
    remedy: 'Correct the snapshot function. Retries continue.',
  },
  'apply-failed': {
    means: 'The store could not apply a message.',
    remedy: 'Correct apply, then load a new snapshot.',
  },
} satisfies Record<PushErrorCode, Meaning>
