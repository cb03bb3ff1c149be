import { HubError } from '../errors.ts'

/** Checks that a hub without `authorize` listens on a loopback address. @throws HubError `not-loopback` */
export function checkBindHost(host: string, hasAuthorize: boolean): void {
  if (hasAuthorize || /^(localhost|::1|127(\.\d{1,3}){3})$/.test(host)) return
  throw new HubError(
    'not-loopback',
    `Cannot listen on "${host}": without \`authorize\`, every client that reaches this address may do everything. Set \`authorize\` and \`allowedHosts\`, or listen on 127.0.0.1.`,
  )
}
