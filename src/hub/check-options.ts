import { constants } from 'node:buffer'
import { ambiguity } from './http/route.ts'
import type { StartFrom } from './channels/channel.ts'
import { HubError } from './errors.ts'
import { LONGEST_SPELLING } from './connections/outgoing.ts'

/** In ms: what lies above fires at once. */
const LONGEST_TIMER = 2_147_483_647

/** In bytes: a longer one could be written in no string of this host. */
const LONGEST_MESSAGE = Math.floor(constants.MAX_STRING_LENGTH / LONGEST_SPELLING) - 1_024

/** Checks what types cannot. @throws HubError `invalid-option` */
export function checkOptions({
  numbers,
  timers,
  startFrom,
  path,
}: {
  numbers: Readonly<Record<string, number | undefined>>
  /** In ms. */
  timers: Readonly<Record<string, number>>
  startFrom: StartFrom
  path: string
}): void {
  for (const [name, value] of Object.entries(numbers))
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      throw invalid(`${name} is ${String(value)}, and must be a number above 0`)
  for (const [name, value] of Object.entries(timers))
    if (value > LONGEST_TIMER) throw invalid(`${name} is ${value}, and no timer can wait so long`)
  const { maxIncomingBytes = Infinity, maxOutgoingBytes = Infinity, maxMessageBytes = 0 } = numbers
  if (maxIncomingBytes < maxMessageBytes)
    throw invalid(`maxIncomingBytes is ${maxIncomingBytes}, and must not be below maxMessageBytes, ${maxMessageBytes}`)
  if (maxMessageBytes > LONGEST_MESSAGE)
    throw invalid(`maxMessageBytes is ${maxMessageBytes}, and cannot be above ${LONGEST_MESSAGE}`)
  if (maxOutgoingBytes < LONGEST_SPELLING * maxMessageBytes)
    throw invalid(
      `maxOutgoingBytes is ${maxOutgoingBytes}, and must not be below ${LONGEST_SPELLING} times maxMessageBytes, ${maxMessageBytes}`,
    )
  const isCount = typeof startFrom === 'number' && Number.isInteger(startFrom) && startFrom <= 0
  if (!isCount && startFrom !== 'newest' && startFrom !== 'oldest')
    throw invalid(`startFrom is ${startFrom}, and is newest, oldest or -N`)
  if (!/^\/(.*\/)?$/.test(path)) throw invalid(`path ${JSON.stringify(path)} must begin and end with a slash`)
  if (path.includes('?') || ambiguity(path) !== undefined)
    throw invalid(`path ${JSON.stringify(path)} must be a plain path: requests are compared with it`)
}

/** Checks the number of a port, or of a port to listen at, where 0 takes a free one. @throws HubError `invalid-option` */
export function checkPort(name: string, port: unknown, least: 0 | 1): void {
  if (!(Number.isInteger(port) && Number(port) >= least && Number(port) <= 65_535))
    throw invalid(`${name} is ${String(port)}, and must be a whole number from ${least} to 65535`)
}

const invalid = (message: string): HubError => new HubError('invalid-option', message)
