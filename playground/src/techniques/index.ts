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
  /** As the server calls it. */
  id: string
  title: string
  /** How it works, in one sentence. */
  how: string
  /** In what it is good, and what that costs, in plain words. */
  advantage: string
  disadvantage: string
  /** What it has to load first, in one sentence; so it is not begun until a person says so. */
  loads?: string
  channel: ChannelDefinition<{ origin: string }, Tick | Note, never>
  /** The file that makes it. */
  code: string
}

/** One card a technique, in the order of history. */
export const techniques: readonly Shown[] = [
  {
    id: 'polling',
    title: 'Polling',
    how: 'Asks every half second, and is given all that came since.',
    advantage: 'Works through every proxy, and the server holds nothing between two requests.',
    disadvantage: 'News is up to an interval late, and where nothing happens most requests are useless.',
    channel: polling.channel,
    code: pollingCode,
  },
  {
    id: 'longPolling',
    title: 'Long polling',
    how: 'Asks once and waits: the server answers when it has something.',
    advantage: 'News comes at once, through every proxy.',
    disadvantage:
      'The server holds a connection for each reader, and each batch of news costs a request with all its headers.',
    channel: longPolling.channel,
    code: longPollingCode,
  },
  {
    id: 'iframeStream',
    title: 'Forever frame',
    how: 'A hidden frame whose page never ends: a script for each message.',
    advantage: 'One request for all messages, in the oldest of browsers.',
    disadvantage: 'It holds a connection, wraps each message in a script, and its page grows until it is made anew.',
    channel: iframeStream.channel,
    code: iframeStreamCode,
  },
  {
    id: 'xhrStream',
    title: 'XHR streaming',
    how: 'One answer that never ends, read as XMLHttpRequest sees it grow.',
    advantage: 'One request for all messages, with headers and a status to read.',
    disadvantage:
      'It holds one of six connections, and the browser keeps all text that ever came until it is made anew.',
    channel: xhrStream.channel,
    code: xhrStreamCode,
  },
  {
    id: 'fetchStream',
    title: 'Fetch streaming',
    how: 'One answer that never ends, read chunk by chunk.',
    advantage: 'One request for all messages, read piece by piece without growing.',
    disadvantage: 'It holds one of six connections, and a proxy that buffers holds all news back.',
    channel: fetchStream.channel,
    code: fetchStreamCode,
  },
  {
    id: 'sse',
    title: 'Server-Sent Events',
    how: 'A stream of events with ids, read by fetch.',
    advantage: 'A standard made for this: few bytes around each message, and ids to go on from.',
    disadvantage: 'It holds one of six connections, carries text alone, and goes one way.',
    channel: sse.channel,
    code: sseCode,
  },
  {
    id: 'eventSource',
    title: 'EventSource',
    how: 'The same stream, read by the browser’s own client.',
    advantage: 'The browser does it: almost no code to load.',
    disadvantage: 'It sends no header and hides why it failed, so a refusal looks like a broken line.',
    channel: eventSource.channel,
    code: eventSourceCode,
  },
  {
    id: 'flashSocket',
    title: 'Flash Socket',
    how: 'A small Flash film, run by Ruffle in WebAssembly, opens a TCP connection.',
    advantage: 'Many messages come in one go: in bursts it is the fastest, and the page can answer.',
    disadvantage: 'Five megabytes to load first, and each message waits for the next frame of the screen.',
    loads: 'It needs Ruffle, a download of about 5 MB. Nothing of it is loaded yet.',
    channel: flashSocket.channel,
    code: flashSocketCode,
  },
  {
    id: 'webSocket',
    title: 'WebSocket',
    how: 'One connection that leaves HTTP behind, both ways.',
    advantage: 'News comes at once, and the page can answer on the same connection.',
    disadvantage: 'It is not HTTP once open: some proxies stop it, and a refusal shows no status.',
    channel: webSocket.channel,
    code: webSocketCode,
  },
]
