import type { ServerResponse } from 'node:http'
import type { CursorParts } from '../../wire/cursor.ts'
import type { Frame } from '../../wire/session-frames.ts'
import type { Refusal } from '../http/http-errors.ts'
import type { Client } from '../security/identify-client.ts'

/** The open sessions of a hub, by their ids. */
export type Sessions = Map<string, OpenSession>

/** What a request may do with a session that another one opened. */
export interface OpenSession {
  readonly session: {
    /** Carries out what a client sent by a POST. Returns a refusal if the frame is not valid. */
    receive(frame: Frame, post: Sender): Refusal | undefined
  }
  /** The number of the last POST that was carried out. */
  posted?: number
  /** Set if the client polls. */
  readonly polls?: {
    /** Responds to a poll. Returns false if the session does not have its cursor. */
    respond(response: ServerResponse, cursor: CursorParts | undefined, waits: boolean): boolean
  }
}

/** Who sends a command: the request of the session, or the POST that it came with. */
export interface Sender {
  readonly client: Client
  readonly query: URLSearchParams
}
