import { AUTHORIZE_TIMEOUT, parseDecision, type Authorize, type AuthorizeRequest } from '../security/authorize.ts'
import { callAsync } from '../security/callbacks.ts'
import type { Client } from '../security/identify-client.ts'
import type { Limits } from '../security/rate-limits.ts'
import { CLOSED, refusalOf, type Refusal } from '../http/http-errors.ts'
import type { Report } from '../report.ts'
import type { ConnectionSet } from './connection-set.ts'

/** What a client wants to do. `authorize` receives it with the client's headers and address. */
export type Intent = Omit<AuthorizeRequest, 'headers' | 'clientIp'>

/** A client, and what it wants to do. */
export interface Permission {
  readonly client: Client
  readonly intent: Intent
}

/** One request for the hub: an HTTP request, an upgrade, a tunnel or the first line of a TCP connection. */
export interface Entry {
  /** The client, or why it is refused: its host, its origin, or a failure of the application. */
  readonly client: Client | Refusal
  /** Why the request is not valid, for any client. */
  readonly invalid?: Refusal | undefined
  /** Absent: the request needs no permission. */
  readonly intent?: Intent | undefined
  readonly connection: Closeable
  /** Whether the connection was counted before, when it opened. */
  readonly isCounted?: boolean
  refuse(refusal: Refusal): void
  serve(client: Client): void
}

/** A socket or a response. */
export interface Closeable {
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
}

/** The one way into the hub, for requests, upgrades, tunnels and lines over TCP. */
export interface Admission {
  /** Counts a connection until it closes. Returns a refusal if the connection limit is reached. */
  enter(client: Client, connection: Closeable): Refusal | undefined
  /** Counts a channel that a session subscribes, until the returned function is called, or returns a refusal. */
  subscribe(client: Client): Refusal | (() => void)
  /** Decides whether a client may do something now. Undefined: it may. The promise never rejects. */
  permit(permission: Permission): Decision
  /** Serves an entry or refuses it. Its steps are: host and origin, closed, form, limits, `authorize`, closed again. */
  admit(entry: Entry): void
}

/** Undefined allows. */
type Decision = Refusal | undefined | Promise<Refusal | undefined>

/** An entry with a known client. */
type Candidate = Omit<Entry, 'client'> & { readonly client: Client }

export interface AdmissionOptions {
  authorize: Authorize | undefined
  limits: Limits
  connections: ConnectionSet
  isClosed: () => boolean
  report: Report
}

export function createAdmission({ authorize, limits, connections, isClosed, report }: AdmissionOptions): Admission {
  const enter: Admission['enter'] = ({ limitKey }, connection) => {
    const leave = limits.enter(limitKey)
    if (typeof leave === 'object') return leave
    connection.once('close', leave)
    return undefined
  }

  const checkOpen = () => (isClosed() ? CLOSED : undefined)
  const checkForm = ({ invalid }: Candidate) => invalid
  const checkConnectionLimit = ({ client, connection, isCounted }: Candidate) =>
    isCounted ? undefined : enter(client, connection)
  const checkPublishRate = ({ client, intent }: Permission) =>
    intent.action === 'publish' ? limits.publish(client.limitKey) : undefined
  const checkAuthorized = ({ client: { headers, clientIp }, intent }: Permission): Decision =>
    authorize &&
    callAsync('authorize', () => authorize({ ...intent, headers, clientIp }), parseDecision, {
      within: AUTHORIZE_TIMEOUT,
      report,
    })
  const permissionSteps = [checkOpen, checkPublishRate, checkAuthorized]

  const permit = (permission: Permission): Decision => firstRefusal(permissionSteps, permission)
  const checkPermission = ({ client, intent }: Candidate): Decision => intent && permit({ client, intent })
  const steps = [checkOpen, checkForm, checkConnectionLimit, checkPermission]

  const finish = (entry: Entry, outcome: Client | Refusal) => {
    try {
      if ('status' in outcome) entry.refuse(outcome)
      else entry.serve(outcome)
    } catch (error) {
      entry.refuse(refusalOf(error, report))
    }
  }

  /** Finishes an entry when its decision is made, or as soon as the hub closes. */
  const finishLater = (entry: Candidate, decision: Promise<Refusal | undefined>) => {
    let waiting = true
    const settle = (refusal: Refusal | undefined) => {
      if (!waiting) return
      leave()
      finish(entry, refusal ?? entry.client)
    }
    const close = () => settle(CLOSED)
    const remove = connections.add({ ping: () => {}, stop: close, terminate: close })
    const leave = () => {
      waiting = false
      remove()
    }
    entry.connection.once('close', leave)
    decision.then(settle).catch((error: unknown) => report('A request could not be refused', error))
  }

  return {
    permit,
    enter,
    subscribe: ({ limitKey }) => limits.subscribe(limitKey),
    admit(entry) {
      const { client, connection } = entry
      // The application may have delayed the request, and the client may have left meanwhile.
      if (connection.destroyed) return
      if ('status' in client) return finish(entry, client)
      const candidate = { ...entry, client }
      const decision = firstRefusal(steps, candidate)
      if (decision instanceof Promise) finishLater(candidate, decision)
      else finish(entry, decision ?? client)
    },
  }
}

/** Runs steps until one refuses. Only the last step may return a promise. */
function firstRefusal<Input>(steps: readonly ((input: Input) => Decision)[], input: Input): Decision {
  for (const step of steps) {
    const decision = step(input)
    if (decision) return decision
  }
  return undefined
}
