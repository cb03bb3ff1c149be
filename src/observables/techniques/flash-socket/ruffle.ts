import { DEV, PushError, errorMessage } from '../../kit.ts'

/** What of Ruffle's own API is used (0.6). */
export interface Ruffle {
  createPlayer(): HTMLElement & { ruffle(): RufflePlayer }
}

export interface RufflePlayer {
  load(options: object): Promise<void>
  addFSCommandHandler(handler: (command: string, payload: string) => void): void
  callExternalInterface(name: string, ...values: unknown[]): unknown
  suspend(): void
  resume(): void
}

/** What Ruffle's script leaves on the page, and what is left there for it to find. */
interface Page {
  RufflePlayer?: { newest?(): Ruffle | null; config?: object } | undefined
}

/** Where Ruffle comes from: the folder of its files, and what loads its script from there. */
export interface RuffleSource {
  publicPath: string
  /** Absent: a script element does. */
  load?: (() => Promise<unknown>) | undefined
}

/**
 * Ruffle, from the page where it has it already, or else from its folder. Rejects with `unsupported` where it is not
 * there, or the page forbids WebAssembly, and with `network-error`.
 *
 * @see https://ruffle.rs/
 */
export async function loadRuffle({ publicPath, load = () => script(`${publicPath}ruffle.js`) }: RuffleSource) {
  allowsWebAssembly()
  const page = globalThis as typeof globalThis & Page
  const known = page.RufflePlayer?.newest?.()
  if (known) return known
  page.RufflePlayer = { config: { polyfills: false, ...page.RufflePlayer?.config, publicPath } }
  await load()
  const ruffle = page.RufflePlayer.newest?.()
  if (!ruffle) throw missing(publicPath, 'what is there is not Ruffle')
  return ruffle
}

/** Lets the script be loaded anew: Ruffle keeps what it failed to load as failed. */
export function forgetRuffle(): void {
  const page = globalThis as typeof globalThis & Page
  delete page.RufflePlayer
}

/** Throws where the page's Content-Security-Policy forbids what Ruffle is made of. */
function allowsWebAssembly(): void {
  try {
    void new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))
  } catch (cause) {
    throw new PushError(
      'unsupported',
      DEV && "flashSocket: this page forbids WebAssembly; its CSP needs script-src 'self' 'wasm-unsafe-eval'",
      { cause },
    )
  }
}

/** Runs a script. Why one fails is hidden from a page, so it is asked for once more. */
const script = (src: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const element = document.createElement('script')
    element.src = src
    element.onload = resolve
    element.onerror = () => {
      element.remove()
      whyNot(src).then(reject, reject)
    }
    document.head.append(element)
  })

async function whyNot(src: string): Promise<PushError> {
  const unreachable = (said: string, cause?: unknown) =>
    new PushError('network-error', DEV && `flashSocket: ${src} cannot be loaded: ${said}`, { cause })
  try {
    const { ok, status } = await fetch(src, { method: 'HEAD', cache: 'no-store' })
    return ok
      ? unreachable("it is there now, or this page's CSP (script-src) forbids it")
      : missing(src, `the server answers ${status}`)
  } catch (cause) {
    return unreachable(errorMessage(cause), cause)
  }
}

const missing = (where: string, said: string) =>
  new PushError(
    'unsupported',
    DEV &&
      `flashSocket needs Ruffle, and ${where} has none (${said}): \`npm install @ruffle-rs/ruffle\`, serve its folder at \`publicPath\` (cp -r node_modules/@ruffle-rs/ruffle public/), or give a \`load\``,
  )
