import type { ChannelDefinition } from 'pinia-push'
import type { Note, Tick } from '../machine.ts'
import * as eventSource from './event-source.ts'
import eventSourceCode from './event-source.ts?raw'
import * as longPolling from './long-polling.ts'
import longPollingCode from './long-polling.ts?raw'
import * as polling from './polling.ts'
import pollingCode from './polling.ts?raw'
import * as sse from './sse.ts'
import sseCode from './sse.ts?raw'
import * as webSocket from './web-socket.ts'
import webSocketCode from './web-socket.ts?raw'

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
    id: 'sse',
    title: 'Server-Sent Events',
    how: 'One answer that never ends, read by fetch.',
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
