import { request as ask, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { gate, type Gate } from './gate.ts'

export interface Target {
  host: string
  port: number
}

/** What becomes of a request that is carried on. */
export interface Fate {
  /** The head of its answer went through; its bytes go through these, down to the client, and up to the server. */
  opened(gates: readonly Gate[]): void
  /** The server cannot be reached, or broke off. */
  lost(): void
}

/** Carries a request to the target, and its answer back. */
export function forwardRequest(request: IncomingMessage, response: ServerResponse, target: Target, fate: Fate): void {
  const onward = carryOn(request, target, fields(request.rawHeaders, false))
  response.once('close', () => onward.destroy())
  onward.on('error', fate.lost)
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, fields(answer.rawHeaders, false))
    response.flushHeaders()
    fate.opened([gate(answer, response, fate.lost)])
  })
  request.pipe(onward)
}

/** Carries an upgrade to the target, and then what both sides say. */
export function forwardUpgrade(request: IncomingMessage, client: Socket, target: Target, fate: Fate): void {
  const onward = carryOn(request, target, fields(request.rawHeaders, true))
  client.once('close', () => onward.destroy())
  onward.on('error', fate.lost)
  const head = ({ statusCode, statusMessage, rawHeaders }: IncomingMessage) =>
    client.write([`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines(rawHeaders), '\r\n'].join('\r\n'))
  onward.on('response', (answer) => {
    head(answer)
    answer.pipe(client)
  })
  onward.on('upgrade', (answer, server: Socket, first: Buffer) => {
    server.setNoDelay(true)
    client.once('close', () => server.destroy())
    head(answer)
    if (first.length > 0) server.unshift(first)
    fate.opened([gate(client, server, () => server.destroy()), gate(server, client, fate.lost)])
  })
  onward.end()
}

const carryOn = ({ method, url: path }: IncomingMessage, target: Target, headers: string[]): ClientRequest =>
  ask({ ...target, method, path, headers, agent: false })

/** Fields that are each hop's own (RFC 9110 section 7.6.1); an upgrade passes them on, because the tunnel is one. */
const OWN = /^(connection|keep-alive|transfer-encoding)$/i

function fields(raw: readonly string[], own: boolean): string[] {
  return raw.filter((_, at) => own || !OWN.test(raw[at - (at % 2)] ?? ''))
}

const lines = (raw: readonly string[]): string[] =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${raw[at + 1]}`] : []))
