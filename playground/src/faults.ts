/** What can be done to a technique's network. */
export const FAULTS = [
  { id: 'drop', label: 'Drop', hint: 'Cuts its connections, once' },
  { id: 'stall', label: 'Stall', hint: 'Keeps them open, forwards nothing' },
  { id: 'refuse', label: 'Refuse', hint: 'Resets every connection' },
  { id: 'hang', label: 'Hang', hint: 'Accepts, and never answers' },
  { id: 'buffer', label: 'Buffer', hint: 'Holds answers back' },
  { id: 'slow', label: 'Slow', hint: 'Half a second between pieces' },
  { id: 'forbid', label: 'Forbid', hint: 'The server answers 403' },
  { id: 'heal', label: 'Heal', hint: 'A good network again' },
] as const

export type Fault = (typeof FAULTS)[number]['id']

/** What the page does to a technique beside: it takes the connections that the browser has for an origin. */
const CROWD = { id: 'crowd', label: 'Crowd', hint: 'Four other streams take its place' } as const

/** What a card can do; what mends all is the last. */
export const CARD_FAULTS = [...FAULTS.slice(0, -1), CROWD, ...FAULTS.slice(-1)]

export type CardFault = (typeof CARD_FAULTS)[number]['id']

const press = (path: string) => fetch(path, { method: 'POST' })

/** Breaks the network of one technique at the server. */
export const inflict = (technique: string, fault: Fault) => press(`/faults/${technique}/${fault}`)

/** Kills a node, or starts it. Says which run then: with none, nothing else would. */
export const power = (node: string, on: boolean): Promise<Record<string, boolean>> =>
  press(`/nodes/${node}/${on ? 'start' : 'kill'}`).then((response) => response.json())

export const stopHub = () => press('/hub/stop')
export const startHub = () => press('/hub/start')

/** How often the machine may speak. */
export const TRAFFIC = [
  { interval: 100, label: '10 a second' },
  { interval: 1_000, label: '1 a second' },
  { interval: 10_000, label: '1 in 10 s' },
] as const

export const setTraffic = (interval: number) => press(`/interval/${interval}`)
