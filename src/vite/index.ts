import type { Environment, Plugin, PreviewServer, ViteDevServer } from 'vite'
import { createHub, type Hub, type HubOptions, type TcpOptions } from '../hub/index.ts'

export interface PushHubOptions extends HubOptions {
  /** Listens for lines over TCP too, which `flashSocket()` needs. `{}` selects a free port. @default undefined */
  tcp?: TcpOptions
  /**
   * Called with the hub when the server starts, so that you can publish. The function that it returns is called when the
   * server stops.
   * @default undefined
   */
  setup?: (hub: Hub) => void | (() => void)
}

/**
 * Mounts the embedded hub on Vite's development and preview servers, with the page's own origin.
 *
 * @example
 * export default defineConfig({ plugins: [vue(), pushHub({ setup: (hub) => startPublishing(hub) })] })
 */
export function pushHub({ setup, tcp, ...options }: PushHubOptions = {}): Plugin {
  // A restart starts the next server before the last one stops, so each has an environment of its own.
  const mounted = new Map<Environment, () => void>()

  const mount = ({ middlewares, httpServer, config }: ViteDevServer | PreviewServer): (() => void) => {
    const hub = createHub(options)
    if (tcp) hub.listenTcp(tcp).catch((error: Error) => config.logger.error(`pinia-push: ${error.message}`))
    const stop = setup?.(hub)
    middlewares.use((request, response, next) => {
      if (!hub.handle(request, response)) next()
    })
    if (!httpServer)
      config.logger.warn('pinia-push: WebSocket not available: Vite has no HTTP server in middleware mode.')
    // Vite handles other upgrades itself.
    httpServer?.on('upgrade', (request, socket, head) => void hub.upgrade(request, socket, head))
    const logError = (error: unknown) =>
      config.logger.error(`pinia-push: The hub could not be closed: ${String(error)}`)
    return () => {
      try {
        stop?.()
      } catch (error) {
        logError(error)
      }
      hub.close().catch(logError)
    }
  }

  return {
    name: 'pinia-push:hub',
    configureServer(server) {
      mounted.set(server.environments.client, mount(server))
    },
    configurePreviewServer(server) {
      server.httpServer.once('close', mount(server))
    },
    // Called when a development server stops, in middleware mode too.
    closeBundle() {
      mounted.get(this.environment)?.()
      mounted.delete(this.environment)
    },
  }
}
