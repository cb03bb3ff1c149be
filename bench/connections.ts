import type { Bench } from './index.ts'
export const connections: Bench = async () => true
