import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { freePort } from '../servers/free-port.ts'
import { start, type Started } from '../servers/started.ts'

const XVFB = 'xvfb (Debian: apt-get install xvfb)'
const DRIVER = 'webkit2gtk-driver (Debian: apt-get install webkit2gtk-driver)'

/** A WebKitWebDriver with a screen of its own. */
export interface WebKitDriver {
  port: number
  /** Ends both, and what they started. */
  stop(): Promise<void>
}

export async function startWebKitDriver(): Promise<WebKitDriver> {
  const screen = await startScreen()
  const port = await freePort()
  let driver: Started
  try {
    driver = await start(
      'env',
      [`DISPLAY=${screen.display}`, 'GDK_BACKEND=x11', 'LIBGL_ALWAYS_SOFTWARE=1', 'WebKitWebDriver', `--port=${port}`],
      port,
      DRIVER,
    )
  } catch (cause) {
    await screen.stop()
    throw cause
  }
  return {
    port,
    async stop() {
      await driver.stop()
      await screen.stop()
    },
  }
}

/** A screen that nobody sees. It takes a number that is free, and says which. */
async function startScreen(): Promise<{ display: string; stop(): Promise<void> }> {
  const xvfb = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const abandon = () => void xvfb.kill()
  process.once('exit', abandon)
  const ended = once(xvfb, 'exit').catch((cause: unknown) => cause)
  const said = once(xvfb.stdio[3] as Readable, 'data').then(([number]) => `:${String(number).trim()}`)
  const display = await Promise.race([said, ended])
  if (typeof display !== 'string') throw new Error(`Xvfb did not start: install ${XVFB}`, { cause: display })
  return {
    display,
    async stop() {
      process.off('exit', abandon)
      xvfb.kill()
      await ended
    },
  }
}
