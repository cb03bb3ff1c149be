/** Writes streams, from wherever a test runs. */
export interface StreamWriter {
  /** Makes a stream; the type says whether it has messages. */
  create(stream: string, type?: string): Promise<void>
  /** Appends each by itself. */
  append(stream: string, bodies: readonly string[], type?: string): Promise<void>
  /** Appends messages, as JSON texts, all at once. */
  appendBatch(stream: string, messages: readonly string[]): Promise<void>
  /** Appends nothing, or one last message, and closes. */
  end(stream: string, message?: string): Promise<void>
  remove(stream: string): Promise<void>
}

const JSON_TYPE = 'application/json'

export function writingTo(url: string): StreamWriter {
  const ask = async (method: string, stream: string, type: string, body?: string, closed = false) => {
    const response = await fetch(url + stream, {
      method,
      headers: { 'Content-Type': type, ...(closed && { 'Stream-Closed': 'true' }) },
      ...(body !== undefined && { body }),
    })
    const said = await response.text()
    if (!response.ok) throw new Error(`${method} ${stream}: ${response.status} ${said}`)
  }
  return {
    create: (stream, type = JSON_TYPE) => ask('PUT', stream, type),
    async append(stream, bodies, type = JSON_TYPE) {
      for (const body of bodies) await ask('POST', stream, type, body)
    },
    appendBatch: (stream, messages) => ask('POST', stream, JSON_TYPE, `[${messages.join(',')}]`),
    end: (stream, message) => ask('POST', stream, JSON_TYPE, message, true),
    remove: (stream) => ask('DELETE', stream, JSON_TYPE),
  }
}

/** Streams as a page can have them: behind a proxy that it can tell to drop. */
export interface RemoteStreams extends StreamWriter {
  url: string
  drop(): Promise<unknown>
  close(): Promise<unknown>
}

/** Opens streams by the control server. */
export async function openStreams(control: string): Promise<RemoteStreams> {
  const tell = (path: string, method: string) => fetch(`${control}/${path}`, { method })
  const opened = await tell('streams', 'POST')
  const { id, url, directUrl } = (await opened.json()) as { id: string; url: string; directUrl: string }
  return {
    url,
    ...writingTo(directUrl),
    drop: () => tell(`streams/${id}/drop`, 'POST'),
    close: () => tell(`streams/${id}`, 'DELETE'),
  }
}
