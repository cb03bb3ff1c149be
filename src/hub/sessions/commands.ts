import { readFrame, type Frame, type FrameHead } from '../../wire/session-frames.ts'
import type { CursorParts } from '../../wire/cursor.ts'
import { checkName } from '../channels/channel-name.ts'
import { parseId } from '../channels/message-id.ts'
import { checkPublication, type Publication } from '../channels/message.ts'
import { refusalOf, type Refusal } from '../http/http-errors.ts'
import type { Report } from '../report.ts'
import { quoted } from '../sanitize.ts'
import type { TokenReplacement } from './replace-token.ts'

/** A command of a client to its session. The session responds to `id`. */
export type Command =
  | {
      readonly kind: 'subscribe'
      readonly id: number
      readonly channel: string
      readonly cursor?: CursorParts | undefined
    }
  | { readonly kind: 'unsubscribe'; readonly channel: string }
  | {
      readonly kind: 'publish'
      readonly id: number
      readonly channel: string
      readonly publication: Publication
      /** The number of the message among those of its publisher. Undefined: it is sent once at most. */
      readonly number: number | undefined
    }
  /** Names the client for as long as it may send a message again. */
  | { readonly kind: 'publisher'; readonly id: number; readonly name: string }
  /** Replaces the token with which the session asks for permission. */
  | ({ readonly kind: 'token'; readonly id: number } & TokenReplacement)
  /** A command that is not valid. */
  | { readonly kind: 'invalid'; readonly id: number; readonly refusal: Refusal }

interface Limits {
  readonly maxMessageBytes: number
  readonly report: Report
}

/**
 * Reads the commands of a frame. Names and values of any length would wait for `authorize`, so they are checked here.
 *
 * @throws SyntaxError if the frame, or a head of it, is not valid. Then none of its commands counts.
 */
export function readCommands(frame: Frame, limits: Limits): Command[] {
  const commands: Command[] = []
  readFrame(frame, (head, body) => commands.push(commandOf(head, body, limits)))
  return commands
}

function commandOf(head: FrameHead, body: Frame | undefined, limits: Limits): Command {
  const { subscribe, unsubscribe, publish, publisher, token, replaces } = head
  if (typeof unsubscribe === 'string') return { kind: 'unsubscribe', channel: unsubscribe }
  const { id } = head
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0)
    throw new SyntaxError('A command has an `id`, which is a whole number.')
  if (typeof subscribe === 'string') return checked(subscription(id, subscribe, head['cursor']), limits)
  if (typeof publish === 'string' && body !== undefined) return checked(publicationOf(id, publish, head, body), limits)
  if (typeof publisher === 'string') return { kind: 'publisher', id, name: publisherName(publisher) }
  if (typeof token === 'string' && typeof replaces === 'string') return { kind: 'token', id, token, replaces }
  throw new SyntaxError(
    'A head has `subscribe`, `unsubscribe`, `publisher`, `token` and `replaces`, or `publish` and a `length`.',
  )
}

/** Returns a command, or why it is not valid. */
function checked(command: Command, { maxMessageBytes, report }: Limits): Command {
  try {
    if ('channel' in command) checkName(command.channel)
    if (command.kind === 'publish') checkPublication(command.publication, maxMessageBytes)
    return command
  } catch (error) {
    return 'id' in command ? { kind: 'invalid', id: command.id, refusal: refusalOf(error, report) } : command
  }
}

function subscription(id: number, channel: string, cursor: unknown): Command {
  if (cursor === undefined) return { kind: 'subscribe', id, channel }
  const parsed = typeof cursor === 'string' ? parseId(cursor) : undefined
  if (parsed) return { kind: 'subscribe', id, channel, cursor: parsed }
  const message = `Invalid \`cursor\`: ${quoted(String(cursor))} is not a cursor. Send it as the server sent it.`
  return { kind: 'invalid', id, refusal: { status: 400, message } }
}

function publicationOf(id: number, channel: string, head: FrameHead, body: Frame): Command {
  const { type: contentType, event, number } = head
  for (const value of [contentType, event])
    if (value !== undefined && typeof value !== 'string')
      throw new SyntaxError('The `type` and the `event` of a message are text.')
  if (number !== undefined && (!Number.isSafeInteger(number) || Number(number) < 0))
    throw new SyntaxError('The `number` of a message is a whole number.')
  return {
    kind: 'publish',
    id,
    channel,
    publication: { body, contentType: contentType as string | undefined, event: event as string | undefined },
    number: number as number | undefined,
  }
}

/** How long the name of a publisher is, in characters. Nobody can guess one of at least 128 random bits. */
const NAME = { min: 20, max: 64 }

function publisherName(name: string): string {
  if (name.length < NAME.min || name.length > NAME.max)
    throw new SyntaxError(`The name of a publisher is a text of ${NAME.min} to ${NAME.max} characters.`)
  return name
}
