import { build } from 'vite'

/** A page of `test/e2e` and its scripts, as a user would ship them, by path. */
export async function bundle(folder: string): Promise<Map<string, string | Uint8Array>> {
  const src = new URL('../../src/', import.meta.url).pathname
  const built = await build({
    configFile: false,
    root: new URL(folder, import.meta.url).pathname,
    resolve: { alias: { 'pinia-push/observables': `${src}observables/index.ts` } },
    build: { write: false },
    logLevel: 'error',
  })
  if (!('output' in built)) throw new Error('one build was asked for')
  return new Map(built.output.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source]))
}
