import { Observable, Subscription, type SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import { ALIVE, RECYCLE, type Payload, type SourceAlive, type SourceEvent, type SourceOpen } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { runAfter } from '../internal/time.ts'
import type { StartConversation } from './conversation.ts'
import { framePoster, type PostFrame } from './frame-poster.ts'
import { startTalk, type Talk, type TalkOptions } from './talk.ts'
import { renewToken, type AskCredentials, type ConnectionCredentials } from './token-renewal.ts'
import type { Ready } from './ready-connection.ts'

/** Converts the events of one connection to those for its supervisor: `open` once the hello is done, and signs of life. */
export type Converse = (
  source: Observable<SourceEvent>,
  credentials: ConnectionCredentials,
  ask: AskCredentials,
) => Observable<SourceEvent>

/** How the conversations of a backend begin. */
export interface ConversationStart {
  readonly start: StartConversation
  /** Joins text frames into one, for techniques that only receive. Undefined: every frame is written by itself. */
  readonly joinFrames?: ((frames: readonly string[]) => string) | undefined
}

export interface ConverseOptions extends ConversationStart, Pick<TalkOptions, 'nextId' | 'outgoing'> {
  readonly namespace: string
  readonly clientId: string
  /** Posts a frame, if the technique only receives. Undefined: the backend has no POSTs. */
  readonly post: PostFrame | undefined
  /** How long the server may take to greet, and to respond to a POST, in ms. */
  readonly subscribeTimeout: number
  readonly scheduler: SchedulerLike
  /** The hello is done: topics may be subscribed. */
  readonly ready: (connection: Ready) => void
  /** Whether every topic would resume on another connection. */
  readonly resumable: () => boolean
  /** The connection has closed, or another one begins. */
  readonly disconnected: () => void
}

/** Converses with the server on each connection of a session. */
export const createConverse =
  ({
    namespace,
    clientId,
    start,
    joinFrames,
    post,
    subscribeTimeout,
    scheduler,
    nextId,
    outgoing,
    ready,
    resumable,
    disconnected,
  }: ConverseOptions): Converse =>
  (source, credentials, ask) =>
    new Observable((subscriber) => {
      let current = new Subscription()
      let talk: Talk | undefined
      /** What the technique learned of heartbeats before the hello was done. */
      let early: SourceAlive | undefined
      let isOpen = false
      const refuse = (error: unknown) => subscriber.error(error)
      const recycle = () => {
        if (resumable() && talk?.isSettled) refuse(RECYCLE)
      }
      const end = () => {
        isOpen = false
        early = undefined
        current.unsubscribe()
        disconnected()
        talk?.end()
        talk = undefined
      }
      const open = ({ send, technique }: SourceOpen) => {
        // A fallback changes the technique within one attempt: that is another connection to the server.
        end()
        const own = (current = new Subscription())
        const poster =
          !send && post && joinFrames
            ? framePoster({ post, join: joinFrames, timeout: subscribeTimeout, scheduler, fail: refuse })
            : undefined
        const write: ((frame: Payload) => void) | undefined = send ?? poster?.write
        if (!write) return refuse(oneWay(technique))
        own.add(() => poster?.end())
        const deadline = runAfter(subscribeTimeout, scheduler, () => refuse(noHello(subscribeTimeout)))
        own.add(deadline)
        talk = startTalk({
          start,
          credentials: { token: credentials.token?.value, clientId },
          write,
          nextId,
          outgoing,
          ready(connected, { ping, heartbeat, postQuery }) {
            deadline.unsubscribe()
            if (postQuery) poster?.address(postQuery)
            isOpen = true
            subscriber.next({
              type: 'open',
              technique,
              namespace,
              resumed: false,
              ...(ping && { ping: { ...ping, send: () => write(ping.send()) } }),
            })
            if (early) subscriber.next(early)
            if (heartbeat !== undefined) subscriber.next({ type: 'alive', heartbeat })
            const { refresh } = connected
            ready({
              ...connected,
              technique,
              renewal: renewToken({ credentials, ask, refresh, recycle, scheduler, connection: own }),
            })
          },
          refreshRejected: recycle,
          alive: () => subscriber.next(ALIVE),
          spread: (time) => subscriber.next({ type: 'retry', spread: time }),
          refuse,
        })
      }
      const alive = ({ heartbeat }: SourceAlive) => {
        const event: SourceAlive = { type: 'alive', heartbeat }
        if (isOpen) subscriber.next(event)
        else if (heartbeat !== undefined) early = event
      }
      const next = (event: SourceEvent) => {
        if (event.type === 'message') return event.error ? refuse(event.error) : talk?.receive(event.data)
        if (event.type === 'retry') return subscriber.next(event)
        if (event.type === 'alive') return alive(event)
        if (event.type === 'open') open(event)
      }
      subscriber.add(end)
      return source.subscribe({
        next,
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      })
    })

const oneWay = (technique: string) =>
  new PushError('unsupported', DEV && `Topics not supported: ${technique} only receives. Use webSocket().`, {
    technique,
  })

const noHello = (within: number) =>
  new PushError(
    'connect-timeout',
    DEV && `The server did not greet within ${within} ms. Check the backend, or raise \`connectTimeout\`.`,
  )
