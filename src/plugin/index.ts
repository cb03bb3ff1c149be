export type { Binding } from './binding.ts'
export { createPush, type Push } from './create-push.ts'
export type { Bind, StorePush } from './store-push.ts'
