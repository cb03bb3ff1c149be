/**
 * Why a call of the hub failed. Codes are permanent; the text of an error may change.
 *
 * - `invalid-channel`: the channel name cannot be used in a URL, a header or a log.
 * - `invalid-content-type`, `invalid-event`: the value cannot be sent in a header, or the hub reserves it.
 * - `invalid-body`: the body is neither a string nor a `Uint8Array`.
 * - `too-large`: the body is larger than `maxMessageBytes`.
 * - `too-many-channels`: the hub keeps `maxChannels` channels. `publish` throws it if the application published to all.
 * - `invalid-option`: an option is not valid.
 * - `not-loopback`: a hub without `authorize` may only listen on a loopback address.
 * - `rejected`: for `receive` of the application, which throws it to reject a client's message.
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
  | 'rejected'
  | 'missing-package'
  | 'closed'

/** The error that the hub throws when a call or an option is not valid. */
export class HubError extends Error {
  override readonly name = 'HubError'
  readonly code: HubErrorCode
  /** The status that the client receives, of `rejected`: 400 to 499. @default 422 */
  readonly status: number | undefined

  constructor(code: HubErrorCode, message: string, options?: ErrorOptions & { readonly status?: number }) {
    super(message, options)
    this.code = code
    this.status = options?.status
  }
}
