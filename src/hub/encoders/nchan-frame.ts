import type { ControlWord } from '../../wire/constants.ts'
import type { MessageContent } from '../channels/message.ts'

/** Returns the head of a frame: header lines, then an empty one (PROTOCOL.md section 5). */
export function metaHead({ cursor, contentType, event }: MessageContent): string {
  const name = event === undefined ? '' : `event: ${event}\n`
  return `id: ${cursor}\ncontent-type: ${contentType}\n${name}\n`
}

/** Encodes a control message as a frame. */
export const metaControl = (word: ControlWord, data: unknown, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}push: ${word}\n\n${JSON.stringify(data)}`
