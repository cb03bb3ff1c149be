// Measurements, side by side in one run: `npm run bench`, or some by name: `npm run bench -- techniques memory`.
process.env.NODE_ENV = 'production'
const { runnerImport } = await import('vite')
const { NODES, needed } = await import('./needed.mjs')

const names = process.argv.slice(2)
const nodes = names.length === 0 || names.some((name) => name.startsWith('nchan'))
Object.assign(process.env, needed('chromium', ...(nodes ? NODES : [])))
const { module } = await runnerImport('/bench/index.ts', { configFile: false, logLevel: 'error' })
process.exit((await module.run(names)) ? 0 : 1)
