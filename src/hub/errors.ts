/**
 * What a caller of the hub did wrong.
 *
 * - `invalid-channel`, `invalid-content-type`, `invalid-event`: a name that cannot travel.
 * - `invalid-body`: a message that is neither text nor bytes.
 * - `too-large`: a message over `maxMessageBytes`.
 * - `too-many-channels`: the hub has `maxChannels` already; for `publish`, so many of the application's own.
 * - `invalid-option`: an option out of its range.
 * - `not-loopback`: a hub without `authorize` listens on loopback only.
 * - `missing-package`: the package `ws` is not installed.
 * - `closed`: the hub was closed.
 */
export type HubErrorCode =
  | 'invalid-channel'
  | 'invalid-content-type'
  | 'invalid-event'
  | 'invalid-body'
  | 'too-large'
  | 'too-many-channels'
  | 'invalid-option'
  | 'not-loopback'
  | 'missing-package'
  | 'closed'

export class HubError extends Error {
  override readonly name = 'HubError'
  readonly code: HubErrorCode

  constructor(code: HubErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
