import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const modules = new URL('../../node_modules', import.meta.url).pathname

/**
 * Where the Vite servers of one test file keep what they bundle of the page's dependencies. Vite's own folder is one for
 * the whole repository: a server that starts with another configuration replaces the files there, and a page of the
 * first is answered 504 and never starts.
 */
export const cacheDir = mkdtempSync(join(modules, '.vite-e2e-'))

afterAll(() => rmSync(cacheDir, { recursive: true, force: true }))
