import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import { ALIVE } from '../../events.ts'
import type { FrameBackend, LinesBackend, Target, WebSocketBackend } from '../backend.ts'
import { otherServerByFrame } from '../recognize-server.ts'
import { STANDARD_CLOSES, statusVerdicts, type CloseTable, type StatusTable } from '../verdict.ts'

/** The namespace of event ids. */
export const NAMESPACE = 'standard'

/** Frames have no cursor, so nothing is resumed. */
const buildRequest = ({ url, headers }: Target) => ({ url, headers, namespace: NAMESPACE, resume: 'no' as const })

/** Forever frames: a page that posts each message to its parent. */
export const standardFrame = (statuses: Partial<StatusTable> = {}): FrameBackend => ({
  buildRequest,
  verdict: statusVerdicts(statuses),
  frame(data) {
    const otherServer = otherServerByFrame(data)
    if (otherServer) throw otherServer
    return { type: 'message', data, event: 'message' }
  },
})

/** Sockets whose messages are lines, in both directions. The tunnel's URL alone selects the channel. */
export const standardLines = (statuses: Partial<StatusTable> = {}): LinesBackend => ({
  buildRequest,
  request: () => undefined,
  expectsGreeting: false,
  verdict: statusVerdicts(statuses),
  line: (text) => {
    const data = text.endsWith('\r') ? text.slice(0, -1) : text
    return data === '' ? ALIVE : { type: 'message', data, event: 'message' }
  },
  write(content) {
    if ('text' in content && !content.text.includes('\n')) return content.text
    throw new PushError(
      'send-unsupported',
      DEV && 'Message not sent: a line cannot have line ends or bytes. Encode the message as JSON.',
    )
  },
})

/** WebSockets (RFC 6455): each frame is a message. */
export const standardWebSocket = (
  subprotocols: readonly string[] = [],
  closes: CloseTable = STANDARD_CLOSES,
): WebSocketBackend => ({
  buildRequest,
  subprotocols,
  closes,
  frame: (data) => ({ type: 'message', data, event: 'message' }),
})
