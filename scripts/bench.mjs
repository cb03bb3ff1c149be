// Measurements, side by side in one run: `npm run bench`, or some by name: `npm run bench -- techniques memory`.
process.env.NODE_ENV = 'production'
const { runnerImport } = await import('vite')
const { needed } = await import('./needed.mjs')

Object.assign(process.env, needed('chromium'))
const { module } = await runnerImport('/bench/index.ts', { configFile: false, logLevel: 'error' })
process.exit((await module.run(process.argv.slice(2))) ? 0 : 1)
