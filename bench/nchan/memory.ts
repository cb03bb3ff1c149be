import { readFileSync } from 'node:fs'

/** What processes hold that they do not share, in bytes, as Linux tells it. */
export const anonymous = (pids: readonly number[]): number =>
  pids
    .map((pid) => Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024)
    .reduce((sum, each) => sum + each, 0)
