import type { Backend } from './backend.ts'
import type { ServerSettings } from './control-client.ts'
import { guards } from './guard.ts'
import { nchanPublisher } from './nchan-publisher.ts'
import { startNginx } from './nginx.ts'
import { ready } from './ready.ts'

/** nginx with Nchan, which keeps messages in its memory. */
export async function startNchan({ startFrom, history }: ServerSettings): Promise<Backend> {
  const guard = guards()
  const nginx = await startNginx({ guard: guard.start })
  const { publish, end, state } = nchanPublisher(
    () => `http://127.0.0.1:${nginx.publisherPort}/channels/`,
    history?.count,
  )
  await ready(nginx.publisherPort)
  return {
    port: nginx.port,
    path: startFrom === 'oldest' ? '/oldest/' : '/push/',
    publish,
    end,
    restart: nginx.restart,
    reload: nginx.reload,
    stats: async (channel) => ({ requests: guard.asked(), subscribers: (await state(channel)).subscribers }),
    close: nginx.stop,
  }
}
