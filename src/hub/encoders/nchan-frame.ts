import type { ControlWord } from '../../wire/constants.ts'
import type { Message } from '../channels/message.ts'

/** The head of a message in a frame: lines, then an empty one (PROTOCOL.md section 5). */
export function metaHead({ cursor, contentType, event }: Message): string {
  const name = event === undefined ? '' : `event: ${event}\n`
  return `id: ${cursor}\ncontent-type: ${contentType}\n${name}\n`
}

/** A frame of the hub's own. */
export const metaControl = (word: ControlWord, data: unknown, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}push: ${word}\n\n${JSON.stringify(data)}`
