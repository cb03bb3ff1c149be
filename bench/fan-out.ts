import type { Bench } from './index.ts'
export const fanOut: Bench = async () => true
