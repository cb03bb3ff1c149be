import {
  devtools,
  getActiveInspectors,
  getInspectorNodeActions,
  toggleHighPerfMode,
  updateTimelineLayersState,
} from '@vue/devtools-kit'
import type { App } from 'vue'

/** What a test asks of the developer tools. */
export interface Tools {
  /** The labels of the timeline's layers that are recorded. */
  readonly layers: string[]
  /** What was shown on the timeline. */
  readonly events: Shown[]
  /** Turns the tools to an app, as a person does where there are several. False: they do not know it yet. */
  lookAt(app: App): boolean
  /** The labels of the inspectors of the app that the tools look at. */
  inspectors(): string[]
  tree(): Promise<Node[]>
  /** What the state panel says of a node, by part and key. */
  state(nodeId: string): Promise<Record<string, Record<string, unknown>> | undefined>
  press(action: string, nodeId: string): void
}

interface Node {
  id: string
  label: string
  tags?: { label: string }[]
}

interface Shown {
  layerId: string
  event: {
    title?: string
    subtitle?: string
    logType?: string
    data: { type: string; count?: number; data?: unknown; cursor?: string; error?: { code: string }; reason?: string }
  }
}

// The part of the tools that lives in the page, without the part that a person sees.
devtools.init()
toggleHighPerfMode(false)

const inspector = () => getActiveInspectors().find(({ pluginId }) => pluginId === 'pinia-push')?.id ?? 'none'

export const tools: Tools = {
  layers: [],
  events: [],
  lookAt(app) {
    const record = devtools.ctx.state.appRecords.find((one) => one.app === app)
    if (record) void devtools.api.toggleApp(record.id)
    return record !== undefined
  },
  inspectors: () => getActiveInspectors().map(({ label }) => label),
  tree: () => devtools.api.getInspectorTree({ inspectorId: inspector(), filter: '' }) as Promise<Node[]>,
  async state(nodeId) {
    const parts = (await devtools.api.getInspectorState({ inspectorId: inspector(), nodeId })) as Parts | null
    if (!parts) return
    return Object.fromEntries(
      Object.entries(parts).map(([part, fields]) => [
        part,
        Object.fromEntries(fields.map(({ key, value }) => [key, value])),
      ]),
    )
  },
  press(action, nodeId) {
    const pressed = getInspectorNodeActions(inspector())?.find(({ tooltip }) => tooltip?.startsWith(action))
    if (!pressed) throw new Error(`there is no ${action}`)
    void pressed.action(nodeId)
  },
}
type Parts = Record<string, { key: string; value: unknown }[]>

// The names are those of the kit's enums, which are types only.
const { hooks } = devtools.ctx as unknown as { hooks: { hook(name: string, heard: (payload: never) => void): void } }
hooks.hook('timelineLayerAdded', ({ options, plugin }: Added) => {
  // A person presses "record".
  updateTimelineLayersState({ recordingState: true, [plugin.descriptor.id]: true })
  tools.layers.push(options.label)
})
hooks.hook('sendTimelineEventToClient', (shown: Shown) => {
  if (shown.layerId === 'pinia-push') tools.events.push(shown)
})
Object.assign(globalThis, { tools })

interface Added {
  options: { label: string }
  plugin: { descriptor: { id: string } }
}
