import { BACKENDS } from './backends.ts'
import type { Fault, Publication, ServerKind, ServerSettings, SessionStats, TopicServerKind } from './control-client.ts'
import { createFaultProxy } from './fault-proxy.ts'

/** A server behind a fault proxy, as a test wants it. */
export interface ServedSession {
  url: string
  directUrl: string
  publish(request: { channel: string; messages: readonly Publication[]; every?: number; batch?: number }): Promise<void>
  end(channel: string): Promise<void> | void
  fault(fault: Fault): void
  restart(): Promise<void>
  reload(): void
  failOver(): Promise<void>
  stats(): Promise<SessionStats>
  close(): Promise<void>
}

export async function serveSession({
  kind = 'hub',
  ...settings
}: ServerSettings & { kind?: ServerKind | TopicServerKind }): Promise<ServedSession> {
  const backend = await BACKENDS[kind](settings)
  const proxy = await createFaultProxy({ port: backend.port })

  return {
    url: `${proxy.url}${backend.path}`,
    directUrl: `http://127.0.0.1:${backend.port}${backend.path}`,
    async publish({ channel, messages, every = 0, batch = messages.length }) {
      for (let at = 0; at < messages.length; at += batch) {
        for (const message of messages.slice(at, at + batch)) {
          const sent = backend.publish(channel, message)
          if (sent) await sent
        }
        if (every > 0) await new Promise((resolve) => setTimeout(resolve, every))
      }
    },
    end: (channel) => backend.end(channel),
    fault({ drop, stall, strand, resume, refuse, hang, buffer, split, slow, cut, pass }) {
      if (resume) proxy.resume()
      if (stall) proxy.stall()
      if (strand) proxy.strand()
      if (refuse !== undefined) proxy.refuse(refuse)
      if (hang !== undefined) proxy.hang(hang)
      if (buffer !== undefined) proxy.buffer(buffer)
      if (split !== undefined) proxy.split(split ?? undefined)
      if (slow !== undefined) proxy.slow(slow)
      if (cut !== undefined)
        proxy.cut(cut ? () => Math.round(cut.min + Math.random() * (cut.max - cut.min)) : undefined)
      if (pass !== undefined) proxy.pass(pass)
      if (drop) proxy.drop()
    },
    restart: () => backend.restart(),
    reload() {
      if (!backend.reload) throw new Error(`${kind} has no workers to replace`)
      backend.reload()
    },
    async failOver() {
      if (!backend.failOver) throw new Error(`${kind} has no second node`)
      proxy.redirect(await backend.failOver())
    },
    // Every test of the suite reads channel `a`.
    stats: async () => ({ ...proxy.stats, ...(await backend.stats('a')) }),
    async close() {
      await proxy.close()
      await backend.close()
    },
  }
}
