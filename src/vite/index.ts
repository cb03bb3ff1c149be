import type { Environment, Plugin, PreviewServer, ViteDevServer } from 'vite'
import { createHub, type Hub, type HubOptions, type TcpOptions } from '../hub/index.ts'

export interface PushHubOptions extends HubOptions {
  /** Listens for lines over TCP too, for `flashSocket()`; `{}`: at any free port. @default nothing does */
  tcp?: TcpOptions
  /** Runs when the server starts: publish from here. What comes back runs when it stops. */
  setup?: (hub: Hub) => void | (() => void)
}

/**
 * Mounts the embedded hub on Vite's dev and preview server, on the page's own origin.
 *
 * @example
 * export default defineConfig({ plugins: [vue(), pushHub({ setup: (hub) => startPublishing(hub) })] })
 */
export function pushHub({ setup, tcp, ...options }: PushHubOptions = {}): Plugin {
  // A restart begins the next server before the last one ends, so each is known by an environment of its own.
  const mounted = new Map<Environment, () => void>()

  const mount = ({ middlewares, httpServer, config }: ViteDevServer | PreviewServer): (() => void) => {
    const hub = createHub(options)
    if (tcp) hub.listenTcp(tcp).catch((error: Error) => config.logger.error(`pinia-push: ${error.message}`))
    const stop = setup?.(hub)
    middlewares.use((request, response, next) => {
      if (!hub.handle(request, response)) next()
    })
    if (!httpServer) config.logger.warn('pinia-push: no HTTP server here, so WebSockets cannot be served')
    // Other upgrades are Vite's own.
    httpServer?.on('upgrade', (request, socket, head) => void hub.upgrade(request, socket, head))
    const failed = (error: unknown) => config.logger.error(`pinia-push: the hub did not stop: ${String(error)}`)
    return () => {
      try {
        stop?.()
      } catch (error) {
        failed(error)
      }
      hub.close().catch(failed)
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
    // A dev server ends with this, in middleware mode too.
    closeBundle() {
      mounted.get(this.environment)?.()
      mounted.delete(this.environment)
    },
  }
}
