import type { Publication } from './control-client.ts'

/** A message as it is posted to Nchan. */
interface Post {
  type: string
  event?: string
  body: string
}

/** One of the client's own words, under every technique: by its type, and in an event stream by its event. */
const word = (name: string, body: string): Post => ({
  type: `application/vnd.push.${name}+json`,
  event: `push.${name}`,
  body,
})

/** With which a channel begins. A client takes its place, and shows it to nobody. */
const BEGINNING = word('begin', '{}')
const END = word('end', '{}')

/** What an event stream carries as it is: a line ends with a carriage return too, and bytes are no text. */
const plain = ({ data, event }: Publication): boolean =>
  data !== undefined && event === undefined && !/[\0\r]/.test(data)

/** Publishes to Nchan, as any backend would. */
export function nchanPublisher(channels: () => string, keep = 10_000) {
  const at = (channel: string) => `${channels()}${channel}?keep=${keep}`
  const send = async (channel: string, { type, event, body }: Post): Promise<void> => {
    const headers = { 'content-type': type, ...(event !== undefined && { 'x-eventsource-event': event }) }
    const answer = await fetch(at(channel), { method: 'POST', headers, body })
    const said = await answer.text()
    if (!answer.ok) throw new Error(`${at(channel)} answered ${answer.status}: ${said}`)
  }
  const state = async (channel: string) => {
    const answer = await fetch(at(channel), { headers: { accept: 'text/json' } })
    const text = await answer.text()
    if (answer.status === 404) return { messages: 0, subscribers: 0 }
    if (!answer.ok) throw new Error(`${at(channel)} answered ${answer.status}: ${text}`)
    return JSON.parse(text) as { messages: number; subscribers: number }
  }
  return {
    state,
    publish: (channel: string, message: Publication) => {
      const { data, base64, event } = message
      return send(
        channel,
        data !== undefined && plain(message)
          ? { type: 'text/plain', body: data }
          : word('message', JSON.stringify({ event, base64, text: data })),
      )
    },
    /** After the end the retained messages start over, so that a later subscriber begins there. */
    async end(channel: string) {
      await send(channel, END)
      await send(channel, BEGINNING)
    },
  }
}
