import type { IncomingMessage, ServerResponse } from 'node:http'

export function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(value))
}

/** Returns whether a request is a POST from this server's own pages, or from no page. */
export const isOwnPost = ({ method, headers: { origin, host } }: IncomingMessage): boolean =>
  method === 'POST' && (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host))
