import type { SourceMessage } from '../../events.ts'
import { contentBy, fieldsOf, jsonOf, textOf, type Fields } from '../json-frame.ts'

/** The position of one subscription in its channel: an offset, which is valid within an epoch of the server's memory. */
export interface ChannelPosition {
  /** How many subscribe commands wait for their reply. */
  unanswered: number
  /** The position that the subscribe command sends. Undefined if there is none. */
  readonly recover: Fields | undefined
  /** Reads the reply to the subscribe command. Returns undefined if an earlier reply was read. */
  begin(reply: Fields): { readonly resumed: boolean; readonly cursor: string | undefined } | undefined
  /**
   * Whether publications before this one are missing from the reply. The server counts those that it sends later by itself,
   * and may leave some out.
   */
  isAfterLoss(publication: Fields): boolean
  /** Reads a publication, and moves to it. Returns undefined if the server repeats it. */
  read(publication: Fields): Omit<SourceMessage, 'type'> | undefined
}

/** Follows the position of one subscription. `cursor`: `<offset>:<epoch>`, as it returned it. */
export function channelPosition(cursor: string | undefined): ChannelPosition {
  const [, count, requested] = /^(\d{1,15}):([^]*)$/.exec(cursor ?? '') ?? []
  let offset = Number(count ?? 0)
  let epoch = requested
  let isBegun = false
  const cursorAt = () => (epoch === undefined ? undefined : `${offset}:${epoch}`)
  return {
    unanswered: 0,
    recover: requested === undefined ? undefined : { recover: true, offset, epoch },
    begin({ recovered, recoverable, positioned, offset: top, epoch: current, publications }) {
      if (isBegun) return undefined
      isBegun = true
      const isCounted = recoverable === true || positioned === true
      // What the server recovered begins after the position of the command.
      const resumed = recovered === true && textOf(current) === epoch
      if (!resumed) {
        // With cache recovery, `offset` is that of the command, and the reply has the last publication.
        const [first] = recovered === true && Array.isArray(publications) ? publications : []
        offset = first === undefined ? offsetOf(top) : offsetOf(fieldsOf(first)['offset']) - 1
        epoch = isCounted ? (textOf(current) ?? '') : undefined
      }
      return { resumed, cursor: resumed ? undefined : cursorAt() }
    },
    isAfterLoss: ({ offset: given }) => epoch !== undefined && offsetOf(given) > offset + 1,
    read({ offset: given, data }) {
      const next = offsetOf(given)
      // A publication that is not in the history has no offset.
      if (epoch !== undefined && next > 0) {
        if (next <= offset) return undefined
        offset = next
      }
      return { event: 'message', ...contentBy(() => jsonOf(data)), cursor: cursorAt() }
    },
  }
}

/** The server leaves out an offset of 0. */
const offsetOf = (value: unknown): number => (typeof value === 'number' && Number.isSafeInteger(value) ? value : 0)
