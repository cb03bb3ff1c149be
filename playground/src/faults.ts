/** The faults of a technique's network. */
export const FAULTS = [
  { id: 'drop', label: 'Drop', hint: 'Cuts its connections, once' },
  { id: 'stall', label: 'Stall', hint: 'Keeps them open, passes no data' },
  { id: 'refuse', label: 'Refuse', hint: 'Resets every connection' },
  { id: 'hang', label: 'Hang', hint: 'Accepts, never responds' },
  { id: 'buffer', label: 'Buffer', hint: 'Buffers responses' },
  { id: 'slow', label: 'Slow', hint: 'Half a second between chunks' },
  { id: 'forbid', label: 'Forbid', hint: 'The server returns 403' },
  { id: 'heal', label: 'Heal', hint: 'A good network again' },
] as const

export type Fault = (typeof FAULTS)[number]['id']

/** A fault of the page itself: it uses up the browser's connections to an origin. */
const CROWD = { id: 'crowd', label: 'Crowd', hint: 'Four other streams take its place' } as const

/** The faults of a card; `heal` is the last. */
export const CARD_FAULTS = [...FAULTS.slice(0, -1), CROWD, ...FAULTS.slice(-1)]

export type CardFault = (typeof CARD_FAULTS)[number]['id']

let last: Promise<unknown> = Promise.resolve()
/** Sends a command when the one before has its response: two connections could deliver a later command first. */
export const press = (path: string): Promise<Response> => {
  const response = last.then(() => fetch(path, { method: 'POST' }))
  last = response.catch(() => {})
  return response
}

/** Breaks the network of one technique at the server. */
export const inflict = (technique: string, fault: Fault) => press(`/faults/${technique}/${fault}`)

/** Kills or starts a node. Returns which nodes run, because without one no report arrives. */
export const power = (node: string, on: boolean): Promise<Record<string, boolean>> =>
  press(`/nodes/${node}/${on ? 'start' : 'kill'}`).then((response) => response.json())

export const stopHub = () => press('/hub/stop')
export const startHub = () => press('/hub/start')

/** The rates of the machine's messages. */
export const TRAFFIC = [
  { interval: 100, label: '10 a second' },
  { interval: 1_000, label: '1 a second' },
  { interval: 10_000, label: '1 in 10 s' },
] as const

export const setTraffic = (interval: number) => press(`/interval/${interval}`)
