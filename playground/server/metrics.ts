import { readFileSync, readdirSync } from 'node:fs'
import os from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** One of the busiest processes of this machine. */
export interface ProcessRow {
  pid: number
  name: string
  /** Share of one core over the last second, in percent. */
  cpu: number
  /** Resident memory, in MiB. */
  memory: number
}

/** The state of the board, as in a snapshot. */
export interface Board {
  host: string
  cores: number
  /** Share of all cores over the last tick, in percent. */
  cpu: number
  /** Load average over a minute. */
  load: number
  /** Memory in use, in percent. */
  memory: number
  /** The 99th percentile of this server's event-loop delay, in ms. */
  delay: number
  processes: Record<number, ProcessRow>
}

/** What changed since the last tick. */
export interface Tick {
  kind: 'tick'
  /** Increases by one with each tick. */
  n: number
  /** In ms since the epoch. */
  at: number
  cpu: number
  load: number
  memory: number
  delay: number
  processes?: Record<number, ProcessRow | null>
}

const BUSIEST = 8

/** Reads the state of this machine at each tick. */
export function readMachine() {
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  const board: Board = {
    host: os.hostname(),
    cores: os.cpus().length,
    cpu: 0,
    load: 0,
    memory: 0,
    delay: 0,
    processes: {},
  }
  let n = 0
  let times = cpuTimes()
  let jiffies = new Map<number, number>()
  let sampledAt = 0

  const sampleProcesses = (now: number): Record<number, ProcessRow | null> => {
    const before = jiffies
    const seconds = (now - sampledAt) / 1_000
    jiffies = new Map()
    sampledAt = now
    const rows: ProcessRow[] = []
    for (const row of processes()) {
      jiffies.set(row.pid, row.jiffies)
      const used = row.jiffies - (before.get(row.pid) ?? row.jiffies)
      rows.push({ pid: row.pid, name: row.name, memory: row.memory, cpu: round(used / seconds) })
    }
    rows.sort((a, b) => b.cpu - a.cpu || b.memory - a.memory)
    const busiest = Object.fromEntries(rows.slice(0, BUSIEST).map((row) => [row.pid, row]))
    const changes: Record<number, ProcessRow | null> = {}
    for (const row of Object.values(busiest))
      if (JSON.stringify(row) !== JSON.stringify(board.processes[row.pid])) changes[row.pid] = row
    for (const pid of Object.keys(board.processes)) if (!(pid in busiest)) changes[Number(pid)] = null
    board.processes = busiest
    return changes
  }

  return {
    board,
    tick(): Tick {
      const now = Date.now()
      const since = cpuTimes()
      const total = since.total - times.total
      board.cpu = total > 0 ? round(100 * (1 - (since.idle - times.idle) / total)) : board.cpu
      times = since
      board.load = round(os.loadavg()[0] ?? 0, 2)
      board.memory = round(100 * (1 - os.freemem() / os.totalmem()))
      board.delay = round(delays.percentile(99) / 1e6, 2)
      delays.reset()
      const changes = now - sampledAt >= 1_000 ? sampleProcesses(now) : {}
      n += 1
      const { cpu, load, memory, delay } = board
      return {
        kind: 'tick',
        n,
        at: now,
        cpu,
        load,
        memory,
        delay,
        ...(Object.keys(changes).length > 0 && { processes: changes }),
      }
    },
    stop: () => delays.disable(),
  }
}

const round = (value: number, digits = 1) => Number(value.toFixed(digits))

function cpuTimes() {
  let idle = 0
  let total = 0
  for (const { times } of os.cpus()) {
    idle += times.idle
    total += times.user + times.nice + times.sys + times.irq + times.idle
  }
  return { idle, total }
}

/** Returns all processes on Linux, and only this one on other systems. */
function* processes(): Generator<{ pid: number; name: string; jiffies: number; memory: number }> {
  if (process.platform !== 'linux') {
    const { user, system } = process.cpuUsage()
    yield {
      pid: process.pid,
      name: 'this server',
      jiffies: (user + system) / 10_000,
      memory: Math.round(process.memoryUsage.rss() / 2 ** 20),
    }
    return
  }
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      yield {
        pid: Number(pid),
        name,
        jiffies: Number(fields[11]) + Number(fields[12]),
        memory: Math.round((Number(fields[21]) * 4_096) / 2 ** 20),
      }
    } catch {
      // The process ended in the meantime.
    }
  }
}
