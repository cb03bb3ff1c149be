import { readFileSync } from 'node:fs'

/** Returns the anonymous resident memory of processes, in bytes, as Linux reports it. */
export const anonymous = (pids: readonly number[]): number =>
  pids
    .map((pid) => Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024)
    .reduce((sum, each) => sum + each, 0)
