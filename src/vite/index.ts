import type { PreviewServer, Plugin, ViteDevServer } from 'vite'
import { createHub, type Hub, type HubOptions } from '../hub/index.ts'

export interface PushHubOptions extends HubOptions {
  /** Runs when the server starts: publish from here. What comes back runs when it stops. */
  setup?: (hub: Hub) => void | (() => void)
}

/**
 * Mounts the embedded hub on Vite's dev and preview server, on the page's own origin.
 *
 * @example
 * export default defineConfig({ plugins: [vue(), pushHub({ setup: (hub) => startPublishing(hub) })] })
 */
export function pushHub({ setup, ...options }: PushHubOptions = {}): Plugin {
  const mount = ({ middlewares, httpServer, config }: ViteDevServer | PreviewServer) => {
    const hub = createHub(options)
    const stop = setup?.(hub)
    middlewares.use((request, response, next) => {
      if (!hub.handle(request, response)) next()
    })
    if (!httpServer) config.logger.warn('pinia-push: no HTTP server here, so WebSockets cannot be served')
    // Other upgrades are Vite's own.
    httpServer?.on('upgrade', (request, socket, head) => void hub.upgrade(request, socket, head))
    httpServer?.on('close', () => {
      stop?.()
      hub.close()
    })
  }
  return { name: 'pinia-push:hub', configureServer: mount, configurePreviewServer: mount }
}
