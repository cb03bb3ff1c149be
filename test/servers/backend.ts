import type { Publication } from './control-client.ts'

/** A real server that channels are read from, with no network in between. */
export interface Backend {
  port: number
  /** Before the name of a channel. */
  path: string
  publish(channel: string, message: Publication): Promise<void> | void
  end(channel: string): Promise<void> | void
  /** Restarts the server, which loses its messages. */
  restart(): Promise<void>
  /** How many requests came, and how many read a channel now. */
  stats(channel: string): Promise<{ requests: number; subscribers: number }>
  /** Replaces its workers, as an administrator does to change the configuration. Absent: there are none. */
  reload?(): void
  /** Kills the node at `port` and gives the port of the next. Absent: there is none. */
  failOver?(): Promise<number>
  close(): Promise<void>
}
