import { randomBytes } from 'node:crypto'

/** The name of one life of a hub or of a channel, in its cursors: 48 random bits, so that no two lives share it. */
export const drawEpoch = (): string => randomBytes(6).toString('hex')
