import { randomBytes } from 'node:crypto'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { FRAME, FRAME_PARENT } from '../../wire/constants.ts'
import { formatId } from '../channels/message-id.ts'
import type { MessageContent } from '../channels/message.ts'
import { metaControl, metaHead } from './nchan-frame.ts'
import type { ResponseEncoder } from './encoder.ts'
import { replaceBytes } from './replace-bytes.ts'
import { quoted } from '../sanitize.ts'

/** The page that contains a forever frame. */
export interface Parent {
  /** The one origin to which the frame posts. */
  readonly origin: string
  /** Repeated in every post, so that the parent recognizes its own frame. */
  readonly token: string
}

/** WebKit runs the first script of a document only after this many bytes. */
const PADDING = ' '.repeat(512)

/**
 * Reads the parent of a forever frame from a query (PROTOCOL.md section 4). Undefined: the request is not for a frame.
 * A string: why the parent is refused.
 *
 * The request of an iframe has cookies but no Origin header, so its query names the origin. Whether that origin may have
 * a frame is decided as for any other page.
 */
export function requestedParent(query: URLSearchParams): Parent | string | undefined {
  const token = query.get(FRAME)
  if (token === null) return undefined
  const origin = query.get(FRAME_PARENT) ?? ''
  if (!/^[\w-]{8,64}$/.test(token)) return `Forbidden: \`${FRAME}\` is not 8 to 64 letters, digits, - or _.`
  // A host may contain characters that have a meaning in a policy.
  if (!URL.canParse(origin) || new URL(origin).origin !== origin || !/^[a-z][\w+.-]*:\/\/[\w.:[\]-]+$/.test(origin))
    return `Forbidden: \`${FRAME_PARENT}\` is ${quoted(origin)}, which is not an origin.`
  return { origin, token }
}

/**
 * Creates the encoder of a document that does not end. Each message is a script, which posts the message to the parent
 * and removes itself. The payload is a string in that script without `<`, so it can end neither the string nor the
 * script. No other script runs.
 */
export function foreverFrame(response: ServerResponse, parent: Parent): ResponseEncoder {
  const nonce = drawNonce()
  response.setHeader(POLICY, policy(parent, nonce))
  // Chromium emits no event if a chunked document is cut off. It does for a document that ends with its connection.
  response.removeHeader('Transfer-Encoding')
  const opening = `<script nonce="${nonce}">`
  const post = `const f=(frame)=>{parent.postMessage({push:${literal(parent.token)},frame},${literal(parent.origin)});document.currentScript.remove()}`
  return {
    encoding: 'forever-frame',
    contentType: 'text/html; charset=utf-8',
    preamble: `${documentStart}${opening}${post}</script>${opening}`,
    // The next script starts at once, because its nonce belongs to this response. It runs when its message ends it.
    delimiter: opening,
    message: (message) =>
      Buffer.concat([
        SCRIPT,
        replaceBytes(Buffer.from(JSON.stringify(frameText(message))), LESS_THAN, ESCAPED),
        SCRIPT_END,
      ]),
    control: (word, data, id) => script(metaControl(word, data, id && formatId(id))),
  }
}

/** Sends an error that a parent can read: a page with the status, which posts the error. */
export function sendFrameError(
  response: ServerResponse,
  parent: Parent,
  status: number,
  message: string,
  headers: OutgoingHttpHeaders,
): void {
  const nonce = drawNonce()
  const post = literal({ push: parent.token, status, headers, body: message })
  const page = `${documentStart}<p>${message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p><script nonce="${nonce}">parent.postMessage(${post},${literal(parent.origin)})</script>`
  response.writeHead(status, {
    ...headers,
    [POLICY]: policy(parent, nonce),
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(page),
  })
  response.end(page)
}

const documentStart = `<!doctype html><meta charset="utf-8"><title>push</title>${PADDING}`

const drawNonce = (): string => randomBytes(16).toString('base64url')

/** Only the scripts of this response run, and only the parent may contain the frame. */
const policy = ({ origin }: Parent, nonce: string): string =>
  `default-src 'none'; script-src 'nonce-${nonce}'; frame-ancestors ${origin}; sandbox allow-scripts allow-same-origin`

const POLICY = 'Content-Security-Policy'

const script = (frame: string): string => `${SCRIPT}${literal(frame)}${SCRIPT_END}`
const SCRIPT = Buffer.from('f(')
const SCRIPT_END = Buffer.from(')</script>')

/** Encodes a value for a script: without `<`, so that the HTML parser finds no tag in it. */
const literal = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c')

const LESS_THAN = 0x3c
const ESCAPED = Buffer.from('\\u003c')

/** Encodes a message as text. Bytes are sent as a control message with base64. */
function frameText(message: MessageContent): string {
  const { cursor, event, isText, body } = message
  if (isText) return metaHead(message) + body.toString()
  return metaControl('message', { ...(event !== undefined && { event }), base64: body.toString('base64') }, cursor)
}
