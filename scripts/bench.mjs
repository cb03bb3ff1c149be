// Measurements, side by side in one run: `npm run bench`, or some by name: `npm run bench -- techniques memory`.
process.env.NODE_ENV = 'production'
const { runnerImport } = await import('vite')
const { chromium } = await import('./browser.mjs')

process.env.CHROMIUM = chromium()
const { module } = await runnerImport('/bench/index.ts', { configFile: false, logLevel: 'error' })
process.exit((await module.run(process.argv.slice(2))) ? 0 : 1)
