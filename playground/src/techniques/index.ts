import type { ChannelDefinition } from 'pinia-push'
import type { Note, Tick } from '../machine.ts'
import * as eventSource from './event-source.ts'
import eventSourceCode from './event-source.ts?raw'
import * as fetchStream from './fetch-stream.ts'
import fetchStreamCode from './fetch-stream.ts?raw'
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
    channel: polling.channel,
    code: pollingCode,
  },
  {
    id: 'longPolling',
    title: 'Long polling',
    how: 'Asks once and waits: the server answers when it has something.',
    channel: longPolling.channel,
    code: longPollingCode,
  },
  {
    id: 'iframeStream',
    title: 'Forever frame',
    how: 'A hidden frame whose page never ends: a script for each message.',
    channel: iframeStream.channel,
    code: iframeStreamCode,
  },
  {
    id: 'xhrStream',
    title: 'XHR streaming',
    how: 'One answer that never ends, read as XMLHttpRequest sees it grow.',
    channel: xhrStream.channel,
    code: xhrStreamCode,
  },
  {
    id: 'fetchStream',
    title: 'Fetch streaming',
    how: 'One answer that never ends, read chunk by chunk.',
    channel: fetchStream.channel,
    code: fetchStreamCode,
  },
  {
    id: 'sse',
    title: 'Server-Sent Events',
    how: 'A stream of events with ids, read by fetch.',
    channel: sse.channel,
    code: sseCode,
  },
  {
    id: 'eventSource',
    title: 'EventSource',
    how: 'The same stream, read by the browser’s own client.',
    channel: eventSource.channel,
    code: eventSourceCode,
  },
  {
    id: 'webSocket',
    title: 'WebSocket',
    how: 'One connection that leaves HTTP behind, both ways.',
    channel: webSocket.channel,
    code: webSocketCode,
  },
]
