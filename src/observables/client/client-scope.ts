import type { ConnectionLimit } from '../http/connection-limit.ts'
import type { TokenSource } from './auth.ts'
import type { ClientConfig } from './client-options.ts'
import type { Servers } from './servers.ts'

/** What the connections of one client share. */
export interface ClientScope {
  readonly config: ClientConfig
  readonly servers: Servers
  readonly connectionLimit: ConnectionLimit
  /** The tokens of `auth`. */
  readonly tokens: TokenSource
  /** Whether the client was closed. */
  closed(): boolean
}
