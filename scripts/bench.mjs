// Measurements, side by side in one run: `npm run bench`, or some by name: `npm run bench -- techniques memory`.
process.env.NODE_ENV = 'production'
const { runnerImport } = await import('vite')
const { chromium } = await import('./browser.mjs')
const { servers } = await import('./servers.mjs')

process.env.CHROMIUM = chromium()
const names = process.argv.slice(2)
if (names.length === 0 || names.some((name) => name.startsWith('nchan'))) servers()
const { module } = await runnerImport('/bench/index.ts', { configFile: false, logLevel: 'error' })
process.exit((await module.run(names)) ? 0 : 1)
