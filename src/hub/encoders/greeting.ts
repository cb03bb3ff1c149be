/** What the hub says first in every stream, with `heartbeat` in ms (PROTOCOL.md section 4). */
export const greeting = (heartbeat: number) => ({ heartbeat: heartbeat / 1_000, gaps: true })
