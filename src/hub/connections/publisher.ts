import type { Admission, Client, Intent } from './admit.ts'
import type { Publication } from '../channels/message.ts'
import { refusalOf, type Refusal } from '../http/http-errors.ts'
import type { Report } from '../report.ts'

export interface PublisherOptions {
  admission: Admission
  client: Client
  /** To publish, to this channel. */
  intent: Intent
  publish: (channel: string, publication: Publication) => unknown
  report: Report
}

/** Publishes what comes over one connection. */
export interface Publisher {
  /** Whether the client may publish one message now; undefined: it may. */
  permit(): Refusal | undefined | Promise<Refusal | undefined>
  /** Publishes it, or says why not. */
  publish(publication: Publication): Refusal | undefined
}

export const publisher = ({ admission, client, intent, publish, report }: PublisherOptions): Publisher => ({
  permit: () => admission.permit(client, intent),
  publish(publication) {
    try {
      publish(intent.channel, publication)
      return undefined
    } catch (error) {
      return refusalOf(error, report)
    }
  },
})
