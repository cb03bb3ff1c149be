/**
 * Whether error messages have a text. In production a bundler removes the texts, and the message is the error's code.
 *
 * Code that calls or imports something for development only writes `process.env.NODE_ENV` out, because esbuild selects
 * the modules to bundle before it evaluates imported constants.
 */
export const DEV = process.env.NODE_ENV !== 'production'
