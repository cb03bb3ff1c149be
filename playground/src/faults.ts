/** What can be done to a technique's network. */
export const FAULTS = [
  { id: 'drop', label: 'Drop', hint: 'Cuts its connections, once.' },
  { id: 'stall', label: 'Stall', hint: 'Keeps them open and forwards nothing, as a dead mobile link does.' },
  { id: 'refuse', label: 'Refuse', hint: 'Resets every connection, as a stopped server does.' },
  { id: 'hang', label: 'Hang', hint: 'Accepts connections and never answers.' },
  { id: 'buffer', label: 'Buffer', hint: 'Holds answers back, as some proxies do.' },
  { id: 'slow', label: 'Slow', hint: 'Leaves half a second between the pieces of an answer.' },
  { id: 'forbid', label: 'Forbid', hint: 'Answers 403, as a server does when a token has expired.' },
  { id: 'crowd', label: 'Crowd', hint: 'Opens six other streams to the same origin, more than HTTP/1.1 has room for.' },
  { id: 'heal', label: 'Heal', hint: 'Gives a good network again.' },
] as const

export type Fault = (typeof FAULTS)[number]['id']

const press = (path: string) => fetch(path, { method: 'POST' })

/** Breaks the network of one technique at the server. */
export const inflict = (technique: string, fault: Exclude<Fault, 'crowd'>) => press(`/faults/${technique}/${fault}`)

export const stopHub = () => press('/hub/stop')
export const startHub = () => press('/hub/start')

/** How often the machine may speak. */
export const TRAFFIC = [
  { interval: 100, label: '10 a second' },
  { interval: 1_000, label: '1 a second' },
  { interval: 10_000, label: '1 in 10 s' },
] as const

export const setTraffic = (interval: number) => press(`/interval/${interval}`)
