import type { Limits } from './limits.ts'
import type { Publication } from './message.ts'
import { refusalOf, type Refusal } from './refusal.ts'
import type { Registry } from './registry.ts'

export interface PublisherOptions {
  limits: Limits
  registry: Registry
  channel: string
  /** Whom the limits count. */
  address: string
  /** Asks whether it may; undefined: it may. */
  permission: () => Promise<Refusal | undefined> | undefined
}

/** Publishes what comes over one connection, or says why not. */
export function publisher({ limits, registry, channel, address, permission }: PublisherOptions) {
  const keep = (publication: Publication) => {
    try {
      registry.publish(channel, publication)
      return undefined
    } catch (error) {
      return refusalOf(error)
    }
  }
  return (publication: Publication): Refusal | undefined | Promise<Refusal | undefined> => {
    const busy = limits.publish(address)
    if (busy) return busy
    const deciding = permission()
    return deciding ? deciding.then((refusal) => refusal ?? keep(publication)) : keep(publication)
  }
}
