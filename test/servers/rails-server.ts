import type { Backend } from './backend.ts'
import { freePort } from './free-port.ts'
import { start } from './started.ts'

const CONFIG = new URL('./rails/config.ru', import.meta.url).pathname

/** Action Cable of Rails, on puma. */
export async function startRails(): Promise<Backend> {
  const port = await freePort()
  const launch = () =>
    start(
      'puma',
      ['--bind', `tcp://127.0.0.1:${port}`, '--threads', '1:8', '--environment', 'production', '--quiet', CONFIG],
      port,
      'puma and ruby-actioncable',
    )
  let puma = await launch()
  return {
    port,
    path: '/',
    async publish(channel, { data = '' }) {
      const body = JSON.stringify({ stream: channel, text: data })
      await fetch(`http://127.0.0.1:${port}/publish`, { method: 'POST', body })
    },
    end() {},
    async restart() {
      await puma.kill()
      puma = await launch()
    },
    // The server counts neither.
    stats: () => Promise.resolve({ requests: 0, subscribers: 0 }),
    close: () => puma.kill(),
  }
}
