import { randomBytes } from 'node:crypto'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { FRAME, FRAME_PARENT } from '../../wire/constants.ts'
import { formatId } from '../channels/message-id.ts'
import type { Message } from '../channels/message.ts'
import { metaControl, metaHead } from './nchan-frame.ts'
import type { AnswerSpelling } from './encoder.ts'
import { replaceBytes } from './replace-bytes.ts'
import { quoted } from '../text.ts'

/** Whom a forever frame tells. */
export interface Parent {
  /** The one origin that is posted to. */
  readonly origin: string
  /** What every post repeats, so that the parent knows its own frame. */
  readonly token: string
}

/** WebKit runs no script of a document before so many bytes. */
const PADDING = ' '.repeat(512)

/**
 * The parent that a request names (PROTOCOL.md section 4). Undefined: it asks for no frame; a string: why it may have
 * none. The request of an iframe carries no Origin, and cookies go along, so the query has to say whose it is; whether
 * that origin may have a frame is decided as for any other page's.
 */
export function requestedParent(query: URLSearchParams): Parent | string | undefined {
  const token = query.get(FRAME)
  if (token === null) return undefined
  const origin = query.get(FRAME_PARENT) ?? ''
  if (!/^[\w-]{8,64}$/.test(token)) return `${FRAME} is not 8 to 64 letters, digits, - or _`
  // A host may have characters that mean something in a policy.
  if (!URL.canParse(origin) || new URL(origin).origin !== origin || !/^[a-z][\w+.-]*:\/\/[\w.:[\]-]+$/.test(origin))
    return `${FRAME_PARENT} ${quoted(origin)} is not an origin`
  return { origin, token }
}

/**
 * A document that does not end: a script for each message, which posts it to the parent and leaves. The payload is a
 * string in that script with no `<` in it, so it can end neither the string nor the script; no other script runs.
 */
export function foreverFrame(response: ServerResponse, parent: Parent): AnswerSpelling {
  const nonce = drawNonce()
  response.setHeader(POLICY, policy(parent, nonce))
  // Of a document that breaks off in the middle of a chunked answer Chromium tells nobody; of one that ends, it does.
  response.removeHeader('Transfer-Encoding')
  const opening = `<script nonce="${nonce}">`
  const post = `const f=(frame)=>{parent.postMessage({push:${literal(parent.token)},frame},${literal(parent.origin)});document.currentScript.remove()}`
  return {
    carrier: 'forever-frame',
    contentType: 'text/html; charset=utf-8',
    preamble: `${documentStart}${opening}${post}</script>${opening}`,
    // The next script begins at once, because its nonce is this answer's alone; it runs when its message has ended it.
    delimiter: opening,
    message: (message) =>
      Buffer.concat([
        SCRIPT,
        replaceBytes(Buffer.from(JSON.stringify(frameText(message))), LESS_THAN, ESCAPED),
        SCRIPT_END,
      ]),
    control: (word, data, place) => script(metaControl(word, data, place && formatId(place))),
  }
}

/** An error that a parent can see: a page with that status, which posts it. */
export function answerFrameError(
  response: ServerResponse,
  parent: Parent,
  status: number,
  line: string,
  headers: OutgoingHttpHeaders,
): void {
  const nonce = drawNonce()
  const post = literal({ push: parent.token, status, headers, body: line })
  const page = `${documentStart}<p>${line.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p><script nonce="${nonce}">parent.postMessage(${post},${literal(parent.origin)})</script>`
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

/** Only this answer's scripts run, and only the parent may hold the frame. */
const policy = ({ origin }: Parent, nonce: string): string =>
  `default-src 'none'; script-src 'nonce-${nonce}'; frame-ancestors ${origin}; sandbox allow-scripts allow-same-origin`

const POLICY = 'Content-Security-Policy'

const script = (frame: string): string => `${SCRIPT}${literal(frame)}${SCRIPT_END}`
const SCRIPT = Buffer.from('f(')
const SCRIPT_END = Buffer.from(')</script>')

/** A script's literal that the HTML around it cannot see into. */
const literal = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c')

const LESS_THAN = 0x3c
const ESCAPED = Buffer.from('\\u003c')

/** A post carries text; bytes go as the hub's own word for them. */
function frameText(message: Message): string {
  const { cursor, event, isText, body } = message
  if (isText) return metaHead(message) + body.toString()
  return metaControl('message', { ...(event !== undefined && { event }), base64: body.toString('base64') }, cursor)
}
