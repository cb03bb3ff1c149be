import type { App } from 'vue'
import type { Channel, PushStatus } from '../observables/index.ts'
import { devtoolsHook } from '../observables/internal/devtools-hook.ts'
import type { ChannelLog } from './channel-log.ts'
import { nameOf, type DevtoolsApi } from './timeline.ts'

/** How many inspectors there were. The tools identify one by its id, and keep those of unmounted apps. */
let inspectors = 0

const WHITE = 0xff_ff_ff
const COLORS = {
  idle: 0x75_75_75,
  connecting: 0x1e_6f_c4,
  open: 0x2a_7d_3f,
  reconnecting: 0xa8_5d_00,
  closed: 0x75_75_75,
  failed: 0xb3_26_1e,
} as const satisfies Record<PushStatus, number>

type AnyChannel = Channel<unknown, unknown>

export interface InspectorOptions {
  api: DevtoolsApi
  app: App
  /** Returns the channels that are read now. */
  channels: () => readonly AnyChannel[]
  logOf: (channel: AnyChannel) => ChannelLog
}

/** Adds the inspector "Push channels", which shows the channels that are read. */
export function createInspector({ api, app, channels, logOf }: InspectorOptions) {
  inspectors += 1
  const inspectorId = inspectors === 1 ? 'pinia-push' : `pinia-push-${inspectors}`
  const find = (id: string) => channels().find((channel) => logOf(channel).id === id)

  api.addInspector({
    id: inspectorId,
    label: 'Push channels',
    icon: 'podcasts',
    treeFilterPlaceholder: 'Search channels',
    noSelectionText: 'Select a channel',
    nodeActions: [
      {
        icon: 'link_off',
        tooltip: 'Drop: break the connection as a network failure does, for all topics that share it',
        action: (id) => {
          const channel = find(id)
          if (channel) devtoolsHook(channel).drop()
        },
      },
      {
        icon: 'refresh',
        tooltip: 'Retry: connect now, also a closed or failed channel',
        action: (id) => find(id)?.reconnect(),
      },
    ],
  })
  api.on.getInspectorTree((payload) => {
    if (payload.app !== app || payload.inspectorId !== inspectorId) return
    const filter = payload.filter.toLowerCase()
    payload.rootNodes = channels()
      .filter((channel) => [channel.url, nameOf(channel)].some((name) => name.toLowerCase().includes(filter)))
      .map((channel) => ({
        id: logOf(channel).id,
        label: nameOf(channel),
        tags: tags(channel),
      }))
  })
  api.on.getInspectorState((payload) => {
    if (payload.app !== app || payload.inspectorId !== inspectorId) return
    const channel = find(payload.nodeId)
    if (channel) payload.state = panel(channel, logOf(channel))
  })

  return {
    refresh() {
      api.sendInspectorTree(inspectorId)
      api.sendInspectorState(inspectorId)
    },
  }
}

const tag = (label: string, backgroundColor: number) => ({ label, textColor: WHITE, backgroundColor })

function tags(channel: AnyChannel) {
  const { status, technique } = channel.state
  return [
    tag(status, COLORS[status]),
    ...(technique === undefined ? [] : [tag(technique, COLORS.idle)]),
    ...(devtoolsHook(channel).shared ? [tag('topic', COLORS.idle)] : []),
  ]
}

/** Returns the sections of the state panel. */
function panel(channel: AnyChannel, { counts, lastError, events }: ChannelLog) {
  const { url, last, state } = channel
  const { shared } = devtoolsHook(channel)
  return {
    connection: fields({
      url,
      topic: shared && nameOf(channel),
      status: state.status,
      'paused by': state.pausedBy.length > 0 ? state.pausedBy : undefined,
      technique: state.technique,
      attempt: state.status === 'connecting' || state.status === 'reconnecting' ? state.attempt : undefined,
      'retry at': state.retryAt === undefined || state.retryAt === Infinity ? undefined : clock(state.retryAt),
      'last error': lastError,
      'topics on its connection': shared?.topics,
      'messages without acknowledgement': shared?.unacknowledged,
    }),
    messages: fields({
      received: counts.message,
      invalid: counts.invalid,
      gaps: counts.gap,
      last: last?.data,
      cursor: last?.cursor,
    }),
    'last events': events.map(({ at, type, details }) => ({ key: `${clock(at)} ${type}`, value: details })),
  }
}

const fields = (values: Readonly<Record<string, unknown>>) =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ key, value }))

/** Formats a time in UTC, so that it does not depend on the page's time zone. */
const clock = (at: number) => new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC')
