/** What can be done to a technique's network. */
export const FAULTS = [
  { id: 'drop', label: 'Drop', hint: 'Cut its connections now' },
  { id: 'stall', label: 'Stall', hint: 'Keep them open and forward nothing' },
  { id: 'refuse', label: 'Refuse', hint: 'Reset every connection' },
  { id: 'hang', label: 'Hang', hint: 'Accept connections and never answer' },
  { id: 'buffer', label: 'Buffer', hint: 'Hold answers back, as some proxies do' },
  { id: 'heal', label: 'Heal', hint: 'A good network again' },
] as const

export type Fault = (typeof FAULTS)[number]['id']

export const inflict = (technique: string, fault: Fault) => fetch(`/faults/${technique}/${fault}`, { method: 'POST' })
