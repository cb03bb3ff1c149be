import { constants } from 'node:buffer'
import { ambiguity } from './http/route.ts'
import type { StartFrom } from './channels/channel.ts'
import { HubError } from './errors.ts'
import { MAX_EXPANSION } from './connections/outbound-budget.ts'

/** The longest delay of a timer, in ms. A longer one fires at once. */
const MAX_TIMEOUT_MS = 2_147_483_647

/** The largest message whose encodings fit in a string of this host, in bytes. */
const MAX_MESSAGE_BYTES = Math.floor(constants.MAX_STRING_LENGTH / MAX_EXPANSION) - 1_024

export interface CheckedOptions {
  readonly numbers: Readonly<Record<string, number | undefined>>
  /** In ms. */
  readonly timers: Readonly<Record<string, number>>
  readonly startFrom: StartFrom
  readonly path: string
}

/** Checks the options of a hub that their types cannot check. @throws HubError `invalid-option` */
export function checkOptions({ numbers, timers, startFrom, path }: CheckedOptions): void {
  for (const [name, value] of Object.entries(numbers))
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      throw invalid(name, value, 'Use a number above 0')
  for (const [name, value] of Object.entries(timers))
    if (value > MAX_TIMEOUT_MS) throw invalid(name, value, `Use at most ${MAX_TIMEOUT_MS} ms`)
  checkSizes(numbers)
  checkStartFrom(startFrom)
  checkPath(path)
}

function checkSizes({
  maxIncomingBytes = Infinity,
  maxOutgoingBytes = Infinity,
  maxMessageBytes = 0,
}: CheckedOptions['numbers']): void {
  if (maxMessageBytes > MAX_MESSAGE_BYTES)
    throw invalid('maxMessageBytes', maxMessageBytes, `Use at most ${MAX_MESSAGE_BYTES} bytes`)
  if (maxIncomingBytes < maxMessageBytes)
    throw invalid('maxIncomingBytes', maxIncomingBytes, `Use at least \`maxMessageBytes\`, ${maxMessageBytes}`)
  const needed = MAX_EXPANSION * maxMessageBytes
  if (maxOutgoingBytes < needed)
    throw invalid(
      'maxOutgoingBytes',
      maxOutgoingBytes,
      `Use at least ${needed}, which is ${MAX_EXPANSION} times \`maxMessageBytes\``,
    )
}

function checkStartFrom(startFrom: StartFrom): void {
  const isCount = typeof startFrom === 'number' && Number.isInteger(startFrom) && startFrom <= 0
  if (!isCount && startFrom !== 'newest' && startFrom !== 'oldest')
    throw invalid('startFrom', startFrom, 'Use "newest", "oldest" or -N')
}

function checkPath(path: string): void {
  if (!/^\/(.*\/)?$/.test(path)) throw invalid('path', JSON.stringify(path), 'Start and end it with a slash')
  if (path.includes('?') || ambiguity(path) !== undefined)
    throw invalid('path', JSON.stringify(path), 'Write it without a query, escapes or dot segments')
}

/** Checks a port number. `min` is 0 where 0 selects a free port. @throws HubError `invalid-option` */
export function checkPort(name: string, port: unknown, min: 0 | 1): void {
  if (!(Number.isInteger(port) && Number(port) >= min && Number(port) <= 65_535))
    throw invalid(name, port, `Use a whole number from ${min} to 65535`)
}

const invalid = (name: string, value: unknown, hint: string): HubError =>
  new HubError('invalid-option', `Invalid \`${name}\`: it is ${String(value)}. ${hint}.`)
