import type { Backend } from '../backends/backend.ts'
import type { Channel } from '../channel/channel.ts'
import { topicOf, type Definition } from '../channel/define-channel.ts'
import { createChannel } from '../channel/shared-channel.ts'
import { PushError } from '../errors.ts'
import { checkOption } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { droppable, shareConnection } from '../internal/devtools-hook.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { hasOnlyTopics, sharesConnection } from '../session/conversation-backend.ts'
import type { SessionCache } from '../session/session-cache.ts'
import type { Technique } from '../techniques/technique.ts'
import { checkPolicy, checkTechnique } from './client-options.ts'
import type { ClientScope } from './client-scope.ts'
import { supervisedConnection } from './supervised-connection.ts'

export type AnyChannel = Channel<unknown, unknown>

/** What the channels of one client share. */
export interface ChannelScope extends ClientScope {
  /** The session of a technique, where the backend's channels are topics. */
  readonly sessionOf: SessionCache<Technique> | undefined
  /** Called when a channel gets its first reader, and when its last one has left. */
  active(channel: AnyChannel, now: boolean, technique: Technique, disconnectDelay: number): void
}

/**
 * Opens one channel of a client, which connects when it is read.
 *
 * @param source The URL as the application named it. `url` is the same, absolute.
 * @throws PushError `missing-technique`, `invalid-option`
 */
export function openChannel(scope: ChannelScope, source: string, url: string, definition: Definition): AnyChannel {
  const { config } = scope
  const { technique = config.technique, retry = config.retry } = definition
  if (!technique) {
    throw new PushError(
      'missing-technique',
      DEV &&
        `Missing technique: the channel "${redactUrl(url)}" has none. Give one to the client, createPushClient({ technique: sse() }), or to the channel.`,
    )
  }
  checkPolicy(retry)
  checkTechnique(technique)
  const topic = topicOf(source)
  const session = topic === undefined ? undefined : scope.sessionOf?.(technique)
  checkAddress(config.backend, topic !== undefined)
  checkOption(
    !session || !technique.method,
    DEV &&
      `Invalid channel: its ${technique.name}() sends a request by ${technique.method}, and topics share one connection. Define the channel with \`url\`, and read it with another client, without this backend.`,
  )
  // Nobody waits for a response any more, and a later reader sends another request.
  const { disconnectDelay = technique.method ? 0 : config.disconnectDelay, disconnectWhenHidden } = definition
  const connection = supervisedConnection(scope, { source, technique, policy: retry, disconnectWhenHidden })
  const { post } = connection
  const channel: AnyChannel = createChannel({
    ...config,
    url,
    name: DEV && (topic ?? redactUrl(url)),
    definition,
    compare: config.backend?.compare,
    disconnectDelay,
    staysEnded: technique.method !== undefined,
    explain: () => technique.explain?.(url, config.scheduler.now()),
    link: (reader) =>
      session && topic !== undefined
        ? session.topic(topic, { ...reader, policy: retry, disconnectWhenHidden })
        : connection.link(reader, (events$) =>
            process.env.NODE_ENV !== 'production' ? droppable(channel, events$) : events$,
          ),
    post: post && ((data, signal) => post(data, signal)),
    active: (now) => scope.active(channel, now, technique, disconnectDelay),
  })
  if (process.env.NODE_ENV !== 'production' && session) shareConnection(channel, session)
  return channel
}

/** A backend whose channels are topics needs topics, and every other one URLs. */
function checkAddress(backend: Backend | undefined, isTopic: boolean): void {
  checkOption(
    isTopic ? sharesConnection(backend) : !hasOnlyTopics(backend),
    DEV &&
      (isTopic
        ? `Invalid channel: it has a \`topic\`, and ${backend ? `the backend ${backend.name}` : 'a client without a backend'} has one connection per channel. Define it with \`url\`, or use a backend with topics, such as jsonMessages().`
        : `Invalid channel: it has a \`url\`, and the channels of the backend ${backend?.name} share the connection to \`baseUrl\`. Define it with \`topic\`.`),
  )
}
