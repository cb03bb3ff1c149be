import { readFile } from 'node:fs/promises'
import type { Connect, ViteDevServer } from 'vite'
import type { render } from '../orders/render.ts'

const TEMPLATE = new URL('../orders/index.html', import.meta.url)

/** What a script element may hold: no `<` begins its end, or a comment. */
const inScript = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c')

/** Answers `/orders/ssr` with the order desk as it is now, and the place in its channel up to which that holds. */
export function rendersOrders(
  server: ViteDevServer,
  line: () => Promise<string | undefined>,
): Connect.NextHandleFunction {
  const page = async (port: number | undefined) => {
    const origin = `http://127.0.0.1:${port}`
    const template = await server.transformIndexHtml('/orders/index.html', await readFile(TEMPLATE, 'utf8'))
    // Vite compiles it for the server, and anew when it is edited.
    const rendering = (await server.ssrLoadModule('/orders/render.ts')) as { render: typeof render }
    const { html, state } = await rendering.render({ origin, line: (await line()) ?? origin })
    return template
      .replace('<!--app-->', () => html)
      .replace('<!--state-->', () => `<script type="application/json" id="state">${inScript(state)}</script>`)
  }
  return (request, response, next) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/orders/ssr') return next()
    page(request.socket.localPort).then(
      (html) => response.writeHead(200, { 'Content-Type': 'text/html', 'Cache-Control': 'no-store' }).end(html),
      next,
    )
  }
}
