/**
 * Whether errors say in words what to do. A bundler folds it away in production, where codes and their table are enough.
 *
 * What calls or imports something for development only writes `process.env.NODE_ENV` out: esbuild chooses what it
 * bundles before it folds what is imported.
 */
export const DEV = process.env.NODE_ENV !== 'production'
