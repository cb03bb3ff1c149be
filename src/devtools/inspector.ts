import type { App } from 'vue'
import type { Channel, ConnectionState, PushStatus } from '../observables/index.ts'
import { devtoolsHook } from '../observables/internal/devtools-hook.ts'
import type { ChannelLog } from './channel-log.ts'
import { nameOf } from './name-of.ts'
import type { DevtoolsApi } from './timeline.ts'

/** The tools know an inspector by its id alone, and keep those of apps that are gone. */
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

export interface Inspected {
  api: DevtoolsApi
  app: App
  /** Those that are read now. */
  channels: () => readonly AnyChannel[]
  logOf: (channel: AnyChannel) => ChannelLog
}

/** Shows the channels that are read in the inspector "Push channels". */
export function showInspector({ api, app, channels, logOf }: Inspected) {
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
        tooltip: 'Drop: break the connection, as a network does',
        action: (id) => {
          const channel = find(id)
          if (channel) devtoolsHook(channel).drop()
        },
      },
      {
        icon: 'refresh',
        tooltip: 'Retry: connect now, also what is closed or failed',
        action: (id) => find(id)?.reconnect(),
      },
    ],
  })
  api.on.getInspectorTree((payload) => {
    if (payload.app !== app || payload.inspectorId !== inspectorId) return
    const wanted = payload.filter.toLowerCase()
    payload.rootNodes = channels()
      .filter((channel) => channel.url.toLowerCase().includes(wanted))
      .map((channel) => ({
        id: logOf(channel).id,
        label: nameOf(channel),
        tags: tags(channel.state),
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

const tags = ({ status, technique }: ConnectionState) => [
  tag(status, COLORS[status]),
  ...(technique === undefined ? [] : [tag(technique, COLORS.idle)]),
]

/** The parts of the state panel. */
function panel(channel: AnyChannel, { counts, lastError, events }: ChannelLog) {
  const { url, last, state } = channel
  return {
    connection: fields({
      url,
      status: state.status,
      'paused by': state.pausedBy.length > 0 ? state.pausedBy : undefined,
      technique: state.technique,
      attempt: state.status === 'connecting' || state.status === 'reconnecting' ? state.attempt : undefined,
      'retry at': state.retryAt === undefined || state.retryAt === Infinity ? undefined : clock(state.retryAt),
      'last error': lastError,
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

/** A moment, the same wherever the page is. */
const clock = (at: number) => new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC')
