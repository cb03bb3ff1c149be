export * from './observables/index.ts'
export * from './composables/index.ts'
export * from './plugin/index.ts'
