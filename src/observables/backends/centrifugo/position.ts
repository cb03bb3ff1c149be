import type { SourceMessage } from '../../events.ts'
import { contentBy, jsonOf, textOf, type Fields } from '../json-frame.ts'

/** The position of one subscription in its channel: an offset, which is valid within an epoch of the server's memory. */
export interface ChannelPosition {
  /** The fields of the subscribe command that resume. Undefined: there is no position. */
  readonly recover: Fields | undefined
  /** Reads the reply to the subscribe command. Returns undefined if an earlier reply was read. */
  begin(reply: Fields): { readonly resumed: boolean; readonly cursor: string | undefined } | undefined
  /** Reads a publication, and moves to it. Returns undefined if the server repeats it. */
  read(publication: Fields): (Omit<SourceMessage, 'type'> & { readonly isAfterLoss: boolean }) | undefined
}

/** Follows the position of one subscription. `cursor`: `<offset>:<epoch>`, as it returned it. */
export function channelPosition(cursor: string | undefined): ChannelPosition {
  const at = cursor?.indexOf(':') ?? -1
  let offset = Number(cursor?.slice(0, at))
  let epoch = cursor?.slice(at + 1)
  let isBegun = false
  const cursorAt = () => (epoch === undefined ? undefined : `${offset}:${epoch}`)
  return {
    recover: cursor === undefined ? undefined : { recover: true, offset, epoch },
    begin({ recovered, recoverable, positioned, offset: top, epoch: current }) {
      if (isBegun) return undefined
      isBegun = true
      const isCounted = recoverable === true || positioned === true
      // What the server recovered begins after the position of the command.
      const resumed = recovered === true && textOf(current) === epoch
      if (!resumed) {
        offset = offsetOf(top)
        epoch = isCounted ? (textOf(current) ?? '') : undefined
      }
      return { resumed, cursor: resumed ? undefined : cursorAt() }
    },
    read({ offset: given, data }) {
      const next = offsetOf(given)
      const content = { event: 'message', ...contentBy(() => jsonOf(data)) }
      // A publication that is not in the history has no offset.
      if (epoch === undefined || next === 0) return { ...content, cursor: cursorAt(), isAfterLoss: false }
      if (next <= offset) return undefined
      const isAfterLoss = next > offset + 1
      offset = next
      return { ...content, cursor: cursorAt(), isAfterLoss }
    },
  }
}

/** The server leaves out an offset of 0. */
const offsetOf = (value: unknown): number => (typeof value === 'number' && Number.isSafeInteger(value) ? value : 0)
