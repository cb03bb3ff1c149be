import type { Bench } from './index.ts'
export const memory: Bench = async () => true
