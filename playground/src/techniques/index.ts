import type { ChannelDefinition } from 'pinia-push'
import type { Note, Tick } from '../machine.ts'
import * as eventSource from './event-source.ts'
import eventSourceCode from './event-source.ts?raw'
import * as fetchStream from './fetch-stream.ts'
import fetchStreamCode from './fetch-stream.ts?raw'
import * as flashSocket from './flash-socket.ts'
import flashSocketCode from './flash-socket.ts?raw'
import * as iframeStream from './iframe-stream.ts'
import iframeStreamCode from './iframe-stream.ts?raw'
import * as longPolling from './long-polling.ts'
import longPollingCode from './long-polling.ts?raw'
import * as polling from './polling.ts'
import pollingCode from './polling.ts?raw'
import * as sse from './sse.ts'
import sseCode from './sse.ts?raw'
import * as webSocket from './web-socket.ts'
import webSocketCode from './web-socket.ts?raw'
import * as xhrStream from './xhr-stream.ts'
import xhrStreamCode from './xhr-stream.ts?raw'

export interface Shown {
  /** Its name at the server. */
  id: string
  title: string
  /** How it works, in one sentence. */
  how: string
  /** Its advantage and its disadvantage, in plain words. */
  advantage: string
  disadvantage: string
  /** What it loads first, in one sentence. It then starts only on request. */
  loads?: string
  channel: ChannelDefinition<{ origin: string }, Tick | Note, never>
  /** The source of its channel. */
  code: string
}

/** One card per technique, in historical order. */
export const techniques: readonly Shown[] = [
  {
    id: 'polling',
    title: 'Polling',
    how: 'Requests all messages since the last request, every half second.',
    advantage: 'Works through every proxy, and the server keeps no connection between requests.',
    disadvantage: 'Messages are up to an interval late, and most requests are useless when nothing happens.',
    channel: polling.channel,
    code: pollingCode,
  },
  {
    id: 'longPolling',
    title: 'Long polling',
    how: 'One request waits until the server has a message.',
    advantage: 'Messages arrive at once, through every proxy.',
    disadvantage:
      'The server keeps a connection per reader, and each batch of messages costs a request with all its headers.',
    channel: longPolling.channel,
    code: longPollingCode,
  },
  {
    id: 'iframeStream',
    title: 'Forever frame',
    how: 'A hidden iframe whose page never ends: one script per message.',
    advantage: 'One request for all messages, in the oldest browsers.',
    disadvantage: 'It keeps a connection, wraps each message in a script, and its page grows until it reconnects.',
    channel: iframeStream.channel,
    code: iframeStreamCode,
  },
  {
    id: 'xhrStream',
    title: 'XHR streaming',
    how: 'One response that never ends, read by XMLHttpRequest while it grows.',
    advantage: 'One request for all messages, with headers and a status.',
    disadvantage: 'It keeps one of six connections, and the browser stores all text until it reconnects.',
    channel: xhrStream.channel,
    code: xhrStreamCode,
  },
  {
    id: 'fetchStream',
    title: 'Fetch streaming',
    how: 'One response that never ends, read chunk by chunk.',
    advantage: 'One request for all messages, read in chunks without growing memory.',
    disadvantage: 'It keeps one of six connections, and a proxy that buffers delays all messages.',
    channel: fetchStream.channel,
    code: fetchStreamCode,
  },
  {
    id: 'sse',
    title: 'Server-Sent Events',
    how: 'A stream of events with ids, read by fetch.',
    advantage: 'A standard for this purpose: few bytes per message, and ids to resume from.',
    disadvantage: 'It keeps one of six connections, sends text only, and in one direction.',
    channel: sse.channel,
    code: sseCode,
  },
  {
    id: 'eventSource',
    title: 'EventSource',
    how: 'The same stream, read by the browser’s own client.',
    advantage: 'The browser implements it: almost no code to load.',
    disadvantage: 'It sends no header and hides errors, so a rejection looks like a lost connection.',
    channel: eventSource.channel,
    code: eventSourceCode,
  },
  {
    id: 'flashSocket',
    title: 'Flash Socket',
    how: 'A small Flash movie, run by Ruffle in WebAssembly, opens a TCP connection.',
    advantage: 'Many messages arrive at once: the fastest in bursts, and the page can send.',
    disadvantage: 'Five megabytes to load first, and each message waits for the next screen frame.',
    loads: 'It needs Ruffle, a download of about 5 MB, which is not loaded yet.',
    channel: flashSocket.channel,
    code: flashSocketCode,
  },
  {
    id: 'webSocket',
    title: 'WebSocket',
    how: 'One connection in both directions, which starts as HTTP.',
    advantage: 'Messages arrive at once, and the page can send on the same connection.',
    disadvantage: 'It is not HTTP once open: some proxies block it, and a rejection shows no status.',
    channel: webSocket.channel,
    code: webSocketCode,
  },
]
