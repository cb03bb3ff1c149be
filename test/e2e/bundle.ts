import vue from '@vitejs/plugin-vue'
import { build } from 'vite'

/** A page and its scripts, as a user would ship them, by path. `folder` holds its `index.html`. */
export async function bundle(
  folder: URL,
  mode: 'production' | 'development' = 'production',
): Promise<Map<string, string | Uint8Array>> {
  const src = new URL('../../src/', import.meta.url).pathname
  const built = await build({
    configFile: false,
    root: folder.pathname,
    plugins: [vue()],
    // A test runner's own would be built in.
    define: { 'process.env.NODE_ENV': JSON.stringify(mode) },
    resolve: {
      alias: {
        'pinia-push/observables': `${src}observables/index.ts`,
        'pinia-push/kit': `${src}observables/kit.ts`,
        'pinia-push/flash-socket': `${src}observables/techniques/flash-socket/flash-socket.ts`,
        'pinia-push': `${src}index.ts`,
      },
    },
    build: { write: false },
    logLevel: 'error',
  })
  if (!('output' in built)) throw new Error('one build was asked for')
  return new Map(built.output.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source]))
}
