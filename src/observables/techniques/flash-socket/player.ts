import { Observable, type SchedulerLike } from 'rxjs'
import { DEV, PushError, asPushError, decodeBase64, runAfter } from '../../kit.ts'
import { forgetRuffle, loadRuffle, type RufflePlayer, type RuffleSource } from './ruffle.ts'

/** Receives the events of a socket, by the names that the SWF uses. */
export interface SocketListener {
  /** The socket is open. */
  up(): void
  /** Complete lines arrived. `text` is without the last line end. */
  lines(text: string): void
  /** Bytes arrived, but no complete line. */
  part(): void
  /** The socket was closed, or did not open. */
  gone(reason: string): void
}

export interface FlashSocket {
  /** Sends lines, each with its line end. Returns false if the socket is closed. */
  send(lines: string): boolean
  close(): void
}

/** A running SWF. It opens any number of sockets. */
export interface Player {
  connect(listener: SocketListener): FlashSocket
  suspend(): void
  resume(): void
}

export interface PlayerOptions extends RuffleSource {
  host: string
  port: number
  /** The absolute URL, `ws:` or `wss:`. */
  proxyUrl: string
}

/** The limit of a start, in ms. Ruffle is a download of megabytes. */
const START_TIMEOUT_MS = 60_000

/** Emits a player, which runs until unsubscription. Errors if Ruffle is not available, does not start, or stops. */
export const player = (options: PlayerOptions, scheduler: SchedulerLike): Observable<Player> =>
  new Observable((subscriber) => {
    const fail = (cause: unknown) =>
      subscriber.error(asPushError(cause, 'network-error', DEV && 'Ruffle did not start. The client retries.'))
    const start = async () => {
      const { BRIDGE_SWF } = await import('./bridge-swf.ts')
      const ruffle = await loadRuffle(options)
      if (subscriber.closed) return
      const element = ruffle.createPlayer()
      Object.assign(element.style, HIDDEN)
      element.ariaHidden = 'true'
      element.inert = true
      subscriber.add(() => remove(element, scheduler))
      document.body.append(element)
      const api = element.ruffle()
      const dispatcher = createDispatcher()
      api.addFSCommandHandler((command, payload) => {
        if (command === 'ready') queueMicrotask(() => subscriber.next(running(api, dispatcher, options, fail)))
        else dispatcher.dispatch(command, payload)
      })
      await api
        .load({ ...SETTINGS, data: decodeBase64(BRIDGE_SWF), socketProxy: [proxied(options)] })
        .catch((cause: unknown) => {
          forgetRuffle()
          throw cause
        })
      if (!subscriber.closed) notifyHidden()
    }
    const late = () =>
      fail(
        new PushError(
          'connect-timeout',
          DEV && `Ruffle did not start within ${START_TIMEOUT_MS} ms. The client retries.`,
          {
            technique: 'flashSocket',
          },
        ),
      )
    const timeout = runAfter(START_TIMEOUT_MS, scheduler, late)
    subscriber.add(timeout)
    start().then(() => timeout.unsubscribe(), fail)
  })

const proxied = ({ host, port, proxyUrl }: PlayerOptions) => ({ host, port, proxyUrl })

const HIDDEN = {
  position: 'fixed',
  inset: '0 auto auto 0',
  width: '1px',
  height: '1px',
  opacity: '0',
  pointerEvents: 'none',
  contain: 'strict',
}

const SETTINGS = {
  allowScriptAccess: true,
  // With `auto` Ruffle waits for a user gesture.
  autoplay: 'on',
  unmuteOverlay: 'hidden',
  splashScreen: false,
  contextMenu: 'off',
  letterbox: 'off',
  quality: 'low',
  openUrlMode: 'deny',
  // A canvas is the cheapest renderer, and nothing is drawn.
  preferredRenderer: 'canvas',
  backgroundExecutionMode: 'mainThread',
  warnOnUnsupportedContent: false,
  logLevel: 'error',
}

/** Notifies Ruffle that the page is hidden. It continues in a hidden page only after it received that event. */
function notifyHidden(): void {
  if (document.hidden) document.dispatchEvent(new Event('visibilitychange'))
}

/** How long after its removal a player's audio may reject, in ms. */
const AUDIO_REJECTS_WITHIN_MS = 2_000

/**
 * Removes a player from the page. Its audio waits for a user gesture. When it is removed, Ruffle leaves the rejection of
 * that promise unhandled. The page did not cause it, so it is handled here.
 */
function remove(element: HTMLElement, scheduler: SchedulerLike): void {
  const handle = (event: PromiseRejectionEvent) => {
    const { reason } = event
    if (!(reason instanceof DOMException && reason.name === 'InvalidStateError' && /AudioContext/.test(reason.message)))
      return
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  addEventListener('unhandledrejection', handle, true)
  runAfter(AUDIO_REJECTS_WITHIN_MS, scheduler, () => removeEventListener('unhandledrejection', handle, true))
  element.remove()
}

/** Dispatches the events of the SWF to the listeners of its sockets. */
interface Dispatcher {
  dispatch(command: string, payload: string): void
  readonly listeners: Map<number, SocketListener>
}

function createDispatcher(): Dispatcher {
  const listeners = new Map<number, SocketListener>()
  let queue: [command: string, payload: string][] = []
  const flush = () => {
    const now = queue
    queue = []
    for (const [command, payload] of now) {
      const [word = '', id] = command.split(':')
      const listener = listeners.get(Number(id))
      if (listener && isWord(word)) listener[word](payload)
    }
  }
  return {
    listeners,
    // Later, because Ruffle cannot be called from its own call.
    dispatch(command, payload) {
      if (queue.push([command, payload]) === 1) queueMicrotask(flush)
    },
  }
}

const WORDS = ['up', 'lines', 'part', 'gone'] as const satisfies readonly (keyof SocketListener)[]
const isWord = (word: string): word is keyof SocketListener => (WORDS as readonly string[]).includes(word)

function running(
  api: RufflePlayer,
  { listeners }: Dispatcher,
  { host, port }: PlayerOptions,
  fail: (cause: unknown) => void,
): Player {
  let ids = 0
  return {
    connect(listener) {
      const id = (ids += 1)
      listeners.set(id, listener)
      // A player that crashed or was removed from the page returns nothing.
      if (api.callExternalInterface('socketConnect', id, host, port) !== true)
        fail(new PushError('connection-lost', DEV && 'Connection lost: Ruffle stopped. The client starts it again.'))
      return {
        send: (lines) => api.callExternalInterface('socketSend', id, lines) === true,
        close() {
          listeners.delete(id)
          api.callExternalInterface('socketClose', id)
        },
      }
    },
    suspend: () => api.suspend(),
    resume() {
      api.resume()
      notifyHidden()
    },
  }
}
