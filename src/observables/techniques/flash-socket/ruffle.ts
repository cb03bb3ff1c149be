import { DEV, PushError, errorMessage } from '../../kit.ts'

/** The part of Ruffle's API that is used (0.6). */
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

/** The global of Ruffle: the page sets its configuration, and the script its API. */
interface Page {
  RufflePlayer?: { newest?(): Ruffle | null; config?: object } | undefined
}

/** The folder of Ruffle's files, and the function that loads its script. */
export interface RuffleSource {
  publicPath: string
  /** Absent: a script element loads it. */
  load?: (() => Promise<unknown>) | undefined
}

/**
 * Returns the page's Ruffle, or loads it from its folder. Rejects with `unsupported` if it is not there or the page forbids
 * WebAssembly, and with `network-error` if it cannot be loaded.
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
  if (!ruffle) throw missing(publicPath, 'its script is not Ruffle')
  return ruffle
}

/** Removes the script, so that it is loaded again. Ruffle does not retry a failed load by itself. */
export function forgetRuffle(): void {
  const page = globalThis as typeof globalThis & Page
  delete page.RufflePlayer
}

/** Throws if the page's Content-Security-Policy forbids WebAssembly. */
function allowsWebAssembly(): void {
  try {
    void new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))
  } catch (cause) {
    throw new PushError(
      'unsupported',
      DEV && "Ruffle not started: this page forbids WebAssembly. Add script-src 'self' 'wasm-unsafe-eval' to its CSP.",
      { cause },
    )
  }
}

/** Runs a script. A page cannot see why a script fails, so it is requested once more. */
const script = (src: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const element = document.createElement('script')
    element.src = src
    element.onload = resolve
    element.onerror = () => {
      element.remove()
      failureOf(src).then(reject, reject)
    }
    document.head.append(element)
  })

async function failureOf(src: string): Promise<PushError> {
  const unreachable = (reason: string, cause?: unknown) =>
    new PushError('network-error', DEV && `Ruffle not loaded from "${src}": ${reason}. Check its server and the CSP.`, {
      cause,
    })
  try {
    const { ok, status } = await fetch(src, { method: 'HEAD', cache: 'no-store' })
    return ok
      ? unreachable("the second request succeeded, or script-src of this page's CSP forbids it")
      : missing(src, `the status is ${status}`)
  } catch (cause) {
    return unreachable(errorMessage(cause), cause)
  }
}

const missing = (where: string, reason: string) =>
  new PushError(
    'unsupported',
    DEV &&
      `Ruffle not found at "${where}": ${reason}. Install it with \`npm install @ruffle-rs/ruffle\`, and serve its folder at \`publicPath\`, for example with \`cp -r node_modules/@ruffle-rs/ruffle public/\`. Or give a \`load\`.`,
  )
