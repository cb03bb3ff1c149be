import { HubError } from '../errors.ts'

/** Lets only loopback be bound where nobody is asked who they are. @throws HubError `not-loopback` */
export function checkReach(host: string, guarded: boolean): void {
  if (guarded || /^(localhost|::1|127(\.\d{1,3}){3})$/.test(host)) return
  throw new HubError(
    'not-loopback',
    `${host} can be reached by others, and this hub asks nobody who they are: give it \`authorize\` (and its names in \`allowedHosts\`), or bind 127.0.0.1`,
  )
}
