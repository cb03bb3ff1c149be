import { readFile } from 'node:fs/promises'
import type { Connect, ViteDevServer } from 'vite'
import type { render } from '../orders/render.ts'

const TEMPLATE = new URL('../orders/index.html', import.meta.url)

/** Escapes JSON for a script element: a `<` could start its end tag or a comment. */
const inScript = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c')

/** Responds to `/orders/ssr` with the rendered order desk, and the cursor up to which it is current. */
export function rendersOrders(
  server: ViteDevServer,
  line: () => Promise<string | undefined>,
): Connect.NextHandleFunction {
  const page = async (port: number | undefined) => {
    const origin = `http://127.0.0.1:${port}`
    const template = await server.transformIndexHtml('/orders/index.html', await readFile(TEMPLATE, 'utf8'))
    // Vite compiles it for the server, and again after each edit.
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
