import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'

/** A program that was started here, and is ended by its own process id. */
export interface Started {
  pid: number
  /** The processes that it has started, by their ids. */
  children(): number[]
  /** Asks it to end, and waits until it has. @default 'SIGTERM' */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Ends it and its children without a word, as a power cut would. */
  kill(): Promise<void>
  signal(name: NodeJS.Signals): void
}

// They do not outlive the process that started them.
const running = new Set<ChildProcess>()
process.once('exit', () => running.forEach((child) => child.kill('SIGTERM')))

/** Starts a program and waits until it takes connections at its port. */
export async function start(
  command: string,
  args: readonly string[],
  port: number,
  install: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Started> {
  const child: ChildProcess = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  })
  running.add(child)
  let said = ''
  let over = false
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const ended = once(child, 'exit').then(
    () => (over = true),
    (error: Error) => {
      over = true
      said += error.message
    },
  )
  void ended.then(() => running.delete(child))
  while (!(await listens(port))) {
    if (over) throw new Error(`${command} did not start (${said.trim()}): install ${install}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const { pid = 0 } = child
  return {
    pid,
    children: () => childrenOf(pid),
    signal: (name) => void child.kill(name),
    async stop(signal = 'SIGTERM') {
      if (!over) child.kill(signal)
      await ended
    },
    async kill() {
      for (const each of [pid, ...childrenOf(pid)]) process.kill(each, 'SIGKILL')
      await ended
    },
  }
}

/** A child of a killed parent would go on listening. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (is: boolean) => () => {
      socket.destroy()
      resolve(is)
    }
    socket.on('connect', done(true)).on('error', done(false))
  })
