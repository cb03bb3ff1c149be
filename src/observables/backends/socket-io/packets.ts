import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { fieldsOf } from '../json-frame.ts'

/** The types of packets of Socket.IO (protocol 5). */
export const CONNECT = 0
export const DISCONNECT = 1
export const EVENT = 2
export const ACK = 3
export const CONNECT_ERROR = 4
const BINARY_EVENT = 5
const BINARY_ACK = 6

/** One Socket.IO packet. A binary packet has the type of one without bytes. */
export interface Packet {
  readonly type: number
  readonly namespace: string
  readonly ackId: number | undefined
  readonly data: unknown
}

const HEAD = /^([0-6])(?:(\d+)-)?(?:(\/[^,]*),)?(\d+)?/

/**
 * Reads Socket.IO packets. Bytes follow their packet in frames of their own. Bytes within an object become Base64, because
 * messages are JSON.
 */
export function packetReader(read: (packet: Packet) => void) {
  let pending: { readonly packet: Packet; readonly count: number; readonly attachments: Uint8Array[] } | undefined

  return {
    /** Reads the text of a packet, without the digit of Engine.IO. */
    text(text: string) {
      const head = HEAD.exec(text)
      if (!head) throw invalidPacket(text)
      const [all, digit, attachments, namespace = '/', ackId] = head
      const rest = text.slice(all.length)
      const binary = Number(digit) >= BINARY_EVENT
      const packet: Packet = {
        type: binary ? Number(digit) - BINARY_EVENT + EVENT : Number(digit),
        namespace,
        ackId: ackId === undefined ? undefined : Number(ackId),
        data: rest === '' ? undefined : JSON.parse(rest),
      }
      const count = Number(attachments ?? 0)
      if (binary && count > 0) pending = { packet, count, attachments: [] }
      else read(packet)
    },
    /** Reads a frame of bytes. */
    bytes(bytes: Uint8Array) {
      if (!pending) throw invalidPacket(DEV && 'bytes without their packet')
      const { packet, count, attachments } = pending
      attachments.push(bytes)
      if (attachments.length < count) return
      pending = undefined
      read({ ...packet, data: withBytes(packet.data, attachments) })
    },
  }
}

/** Writes a packet: its text, and the frame of bytes that follows it. */
export function writePacket(
  type: typeof CONNECT | typeof EVENT | typeof ACK,
  namespace: string,
  data: unknown,
  ackId?: number,
): readonly Payload[] {
  const bytes: Uint8Array[] = []
  const json = JSON.stringify(data, (_, value: unknown) => {
    if (!(value instanceof Uint8Array)) return value
    return { _placeholder: true, num: bytes.push(value) - 1 }
  }) as string | undefined
  const binary = bytes.length > 0 ? (type === ACK ? BINARY_ACK : BINARY_EVENT) : undefined
  const head = `4${binary === undefined ? type : `${binary}${bytes.length}-`}`
  return [`${head}${namespace === '/' ? '' : `${namespace},`}${ackId ?? ''}${json ?? ''}`, ...bytes]
}

interface Placeholder {
  readonly _placeholder: true
  readonly num: number
}

const isPlaceholder = (value: unknown): value is Placeholder => fieldsOf(value)['_placeholder'] === true

/** Puts attachments in their places. */
function withBytes(value: unknown, attachments: readonly Uint8Array[]): unknown {
  if (isPlaceholder(value)) return attachments[value.num]
  if (Array.isArray(value)) return value.map((each) => withBytes(each, attachments))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withBytes(each, attachments)]))
}

const invalidPacket = (text: string | false) =>
  new PushError(
    'invalid-message',
    DEV && `"${String(text).slice(0, 40)}" is not a packet of Socket.IO. Check the server.`,
  )
