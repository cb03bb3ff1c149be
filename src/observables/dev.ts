/**
 * Whether errors say in words what to do. A bundler folds it away in production, where codes and their table are enough.
 */
export const DEV = process.env.NODE_ENV !== 'production'
