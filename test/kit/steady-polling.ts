import { pollLoop, type Technique } from 'pinia-push/kit'

/** A technique outside of the package, made of a loop of the kit. */
export function steadyPolling(): Technique {
  return {
    name: 'steadyPolling',
    isSupported: () => typeof fetch === 'function',
    connect: (request) => pollLoop({ technique: 'steadyPolling', request, waits: false, interval: () => 20 }),
  }
}
