import { Observable, type SchedulerLike } from 'rxjs'
import { DEV, PushError, asPushError, decodeBase64, runAfter } from '../../kit.ts'
import { forgetRuffle, loadRuffle, type RufflePlayer, type RuffleSource } from './ruffle.ts'

/** What happens on a socket, by the words of the SWF. */
export interface SocketListener {
  /** The other side is there. */
  up(): void
  /** Whole lines, without the last line end. */
  lines(text: string): void
  /** Bytes came, and no line is whole yet. */
  part(): void
  gone(reason: string): void
}

export interface FlashSocket {
  /** Sends lines, each with its end. False: the socket is gone. */
  send(lines: string): boolean
  close(): void
}

/** The SWF, running: a player has any number of sockets. */
export interface Player {
  connect(listener: SocketListener): FlashSocket
  suspend(): void
  resume(): void
}

export interface PlayerOptions extends RuffleSource {
  host: string
  port: number
  /** Absolute, `ws:` or `wss:`. */
  proxyUrl: string
}

/** Ruffle is a download of megabytes: a start that takes longer than this is none, in ms. */
const STARTS_WITHIN = 60_000

/**
 * A player, for as long as it is subscribed. It errors where Ruffle cannot be had, does not start, or stops.
 */
export const player = (options: PlayerOptions, scheduler: SchedulerLike): Observable<Player> =>
  new Observable((subscriber) => {
    const fail = (cause: unknown) =>
      subscriber.error(asPushError(cause, 'network-error', DEV && 'Ruffle did not start'))
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
      const hear = hearing()
      api.addFSCommandHandler((command, payload) => {
        if (command === 'ready') queueMicrotask(() => subscriber.next(running(api, hear, options, fail)))
        else hear.say(command, payload)
      })
      await api
        .load({ ...SETTINGS, data: decodeBase64(BRIDGE_SWF), socketProxy: [proxied(options)] })
        .catch((cause: unknown) => {
          forgetRuffle()
          throw cause
        })
      if (!subscriber.closed) lookHidden()
    }
    const late = () =>
      fail(
        new PushError('connect-timeout', DEV && `Ruffle did not start within ${STARTS_WITHIN} ms`, {
          technique: 'flashSocket',
        }),
      )
    const impatience = runAfter(STARTS_WITHIN, scheduler, late)
    subscriber.add(impatience)
    start().then(() => impatience.unsubscribe(), fail)
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
  // `auto` waits for a gesture.
  autoplay: 'on',
  unmuteOverlay: 'hidden',
  splashScreen: false,
  contextMenu: 'off',
  letterbox: 'off',
  quality: 'low',
  openUrlMode: 'deny',
  // Nothing is drawn: a canvas costs the least.
  preferredRenderer: 'canvas',
  backgroundExecutionMode: 'mainThread',
  warnOnUnsupportedContent: false,
  logLevel: 'error',
}

/** Ruffle goes on in a hidden page only where it saw that become hidden. */
function lookHidden(): void {
  if (document.hidden) document.dispatchEvent(new Event('visibilitychange'))
}

/** For how long after it is gone a player's sound may complain, in ms. */
const COMPLAINS = 2_000

/**
 * Takes a player off the page. Its sound waits for a gesture, and to end what waits so is a rejection that Ruffle leaves
 * to the page; it is no fault of the page's.
 */
function remove(element: HTMLElement, scheduler: SchedulerLike): void {
  const hush = (event: PromiseRejectionEvent) => {
    const { reason } = event
    if (!(reason instanceof DOMException && reason.name === 'InvalidStateError' && /AudioContext/.test(reason.message)))
      return
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  addEventListener('unhandledrejection', hush, true)
  runAfter(COMPLAINS, scheduler, () => removeEventListener('unhandledrejection', hush, true))
  element.remove()
}

/** What the SWF says, to the socket that it is about. */
interface Hearing {
  say(command: string, payload: string): void
  readonly listeners: Map<number, SocketListener>
}

function hearing(): Hearing {
  const listeners = new Map<number, SocketListener>()
  let said: [command: string, payload: string][] = []
  const tell = () => {
    const now = said
    said = []
    for (const [command, payload] of now) {
      const [word = '', id] = command.split(':')
      const listener = listeners.get(Number(id))
      if (listener && isWord(word)) listener[word](payload)
    }
  }
  return {
    listeners,
    // Ruffle is locked while it calls: who would call it back waits until it is done.
    say(command, payload) {
      if (said.push([command, payload]) === 1) queueMicrotask(tell)
    },
  }
}

const WORDS = ['up', 'lines', 'part', 'gone'] as const satisfies readonly (keyof SocketListener)[]
const isWord = (word: string): word is keyof SocketListener => (WORDS as readonly string[]).includes(word)

function running(
  api: RufflePlayer,
  { listeners }: Hearing,
  { host, port }: PlayerOptions,
  fail: (cause: unknown) => void,
): Player {
  let ids = 0
  return {
    connect(listener) {
      const id = (ids += 1)
      listeners.set(id, listener)
      // A player that crashed, or was taken off the page, answers nothing.
      if (api.callExternalInterface('socketConnect', id, host, port) !== true)
        fail(new PushError('connection-lost', DEV && 'Ruffle stopped'))
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
      lookHidden()
    },
  }
}
