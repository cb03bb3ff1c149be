import type { IncomingMessage, ServerResponse } from 'node:http'

export function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(value))
}

/** A POST of this server's own pages, or of no page at all. */
export const isOwnPost = ({ method, headers: { origin, host } }: IncomingMessage): boolean =>
  method === 'POST' && (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host))
