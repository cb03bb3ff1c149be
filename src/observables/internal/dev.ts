/**
 * Whether error messages have a text. In production a bundler removes the texts, and the message is the error's code.
 *
 * The build writes it out in each module, because esbuild chooses what it bundles before it folds an imported constant.
 */
export const DEV = process.env.NODE_ENV !== 'production'
